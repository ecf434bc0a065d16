(module
  (import "env" "sk_get_self_pat" (func (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 0))
  (func (export "plugin_id") (param i32 i32) (result i32) (i32.const 0)))
