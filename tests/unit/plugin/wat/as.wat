;; What AssemblyScript code looks like from outside: strings are UTF-16 objects with class id and size before them. __pin and
;; __unpin are counted; http_echo gives its argument back, http_pins the number of pinned objects as one digit.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (import "env" "console.log" (func $log (param i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 4096))
  (global $pins (mut i32) (i32.const 0))
  (global $config (mut i32) (i32.const 0))
  (data (i32.const 24) "\02\00\00\00\08\00\00\00\c5\00b\00o\00=\d8") ;; at 32: "Åbo" and a lone surrogate
  (data (i32.const 56) "\02\00\00\00\02\00\00\000\00") ;; at 64: "0"
  (data (i32.const 88) "\02\00\00\00\04\00\00\00n\00o\00") ;; at 96: "no"
  (data (i32.const 120) "\01\00\00\00\04\00\00\00n\00o\00") ;; at 128: an ArrayBuffer
  (func $new (export "__new") (param $n i32) (param $id i32) (result i32)
    (local $p i32)
    (local.set $p (i32.add (global.get $heap) (i32.const 8)))
    (i32.store (i32.sub (local.get $p) (i32.const 8)) (local.get $id))
    (i32.store (i32.sub (local.get $p) (i32.const 4)) (local.get $n))
    (global.set $heap (i32.and (i32.add (i32.add (local.get $p) (local.get $n)) (i32.const 15)) (i32.const -16)))
    (local.get $p))
  (func (export "__pin") (param i32) (result i32) (global.set $pins (i32.add (global.get $pins) (i32.const 1))) (local.get 0))
  (func (export "__unpin") (param i32) (global.set $pins (i32.sub (global.get $pins) (i32.const 1))))
  (func (export "plugin_name") (result i32) (i32.const 32))
  (func (export "plugin_schema") (result i32) (i32.const 0))
  ;; the first byte of the configuration is "{" in UTF-8, and the block has class 0
  (func (export "plugin_start") (param $p i32) (param $n i32) (result i32)
    (call $log (i32.const 32))
    (i32.or (i32.ne (i32.load8_u (local.get $p)) (i32.const 123)) (i32.load (i32.sub (local.get $p) (i32.const 8)))))
  (func (export "http_echo") (param i32 i32) (result i32)
    ;; the second argument is the length in code units
    (if (i32.ne (i32.shl (local.get 1) (i32.const 1)) (i32.load (i32.sub (local.get 0) (i32.const 4)))) (then (return (i32.const 96))))
    (local.get 0))
  (func (export "http_pins") (param i32) (result i32)
    (i32.store8 (i32.const 64) (i32.add (i32.const 48) (global.get $pins)))
    (i32.const 64))
  (func (export "http_null") (param i32) (result i32) (i32.const 0))
  (func (export "http_buffer") (param i32) (result i32) (i32.const 128))
  (func (export "http_wild") (param i32) (result i32) (i32.const 0x7ffffff0))
  (func (export "http_abort") (param i32) (result i32)
    (call $abort (i32.const 96) (i32.const 32) (i32.const 7) (i32.const 9)) unreachable))
