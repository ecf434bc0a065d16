// Probe in Go, built as a reactor (c-shared): its runtime must be initialised exactly once.
package main

import (
	"encoding/json"
	"unsafe"
)

//go:wasmimport env sk_handle_message
func skHandleMessage(p unsafe.Pointer, n uint32)

//go:wasmimport env sk_set_status
func skSetStatus(p unsafe.Pointer, n uint32)

// blocks holds what the server borrowed, so that the collector leaves it alone.
var blocks = map[uintptr][]byte{}

//go:wasmexport allocate
func allocate(n uint32) uint32 {
	b := make([]byte, n)
	p := uintptr(unsafe.Pointer(&b[0]))
	blocks[p] = b
	return uint32(p)
}

//go:wasmexport deallocate
func deallocate(p, n uint32) {
	delete(blocks, uintptr(p))
}

func view(p, n uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(p))), n)
}

func give(p, max uint32, s string) int32 {
	return int32(copy(view(p, max), s))
}

func publish(path string, value any) {
	type entry struct {
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	type update struct {
		Values []entry `json:"values"`
	}
	type delta struct {
		Updates []update `json:"updates"`
	}
	b, err := json.Marshal(delta{[]update{{[]entry{{path, value}}}}})
	if err != nil {
		panic(err)
	}
	skHandleMessage(unsafe.Pointer(&b[0]), uint32(len(b)))
}

func status(s string) {
	skSetStatus(unsafe.Pointer(unsafe.StringData(s)), uint32(len(s)))
}

var (
	mains, inits, polls, deltas int
	lastConfig                  map[string]any
)

func init() {
	inits++
}

//go:wasmexport plugin_id
func pluginID(p, max uint32) int32 {
	return give(p, max, "probe-go-shared")
}

//go:wasmexport plugin_name
func pluginName(p, max uint32) int32 {
	return give(p, max, "Go, c-shared")
}

//go:wasmexport plugin_schema
func pluginSchema(p, max uint32) int32 {
	return give(p, max, `{"type":"object","properties":{"label":{"type":"string","title":"Label"}}}`)
}

//go:wasmexport plugin_start
func pluginStart(p, n uint32) int32 {
	lastConfig = nil
	if err := json.Unmarshal(view(p, n), &lastConfig); err != nil {
		return 1
	}
	publish("test.goShared.mains", mains)
	publish("test.goShared.inits", inits)
	publish("test.goShared.label", lastConfig["label"])
	status("Running")
	return 0
}

//go:wasmexport plugin_stop
func pluginStop() int32 {
	status("Stopped")
	return 0
}

//go:wasmexport poll
func poll() int32 {
	polls++
	publish("test.goShared.polls", polls)
	publish("test.goShared.deltas", deltas)
	return 0
}

//go:wasmexport delta_handler
func deltaHandler(p, n uint32) {
	if !json.Valid(view(p, n)) {
		panic("delta is not JSON")
	}
	deltas++
}

// A reactor's main never runs; the language wants one all the same.
func main() {
	mains++
}
