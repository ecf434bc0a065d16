//go:build wasip1

package signalk

import "unsafe"

// The imports, exactly as every Signal K server names them. Only those that a plugin can reach end up in its module.

//go:wasmimport env sk_debug
func skDebug(text unsafe.Pointer, n uint32)

//go:wasmimport env sk_set_status
func skSetStatus(text unsafe.Pointer, n uint32)

//go:wasmimport env sk_set_error
func skSetError(text unsafe.Pointer, n uint32)

//go:wasmimport env sk_handle_message
func skHandleMessage(json unsafe.Pointer, n uint32)

//go:wasmimport env sk_publish_notification
func skPublishNotification(path unsafe.Pointer, pathN uint32, json unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_get_self_path
func skGetSelfPath(path unsafe.Pointer, n uint32, out unsafe.Pointer, max uint32) int32

//go:wasmimport env sk_read_config
func skReadConfig(out unsafe.Pointer, max uint32) int32

//go:wasmimport env sk_save_config
func skSaveConfig(json unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_has_capability
func skHasCapability(name unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_register_put_handler
func skRegisterPutHandler(context unsafe.Pointer, contextN uint32, path unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_register_resource_provider
func skRegisterResourceProvider(kind unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_register_weather_provider
func skRegisterWeatherProvider(name unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_register_radar_provider
func skRegisterRadarProvider(name unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_emit_binary_stream
func skEmitBinaryStream(id unsafe.Pointer, idN uint32, data unsafe.Pointer, n uint32) int32

//go:wasmimport env sk_radar_emit_spokes
func skRadarEmitSpokes(radar unsafe.Pointer, radarN uint32, data unsafe.Pointer, n uint32) int32

type server struct{}

var host server

func of(text string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(text)), uint32(len(text))
}

func bytesOf(data []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data))
}

func (server) debug(text string)     { skDebug(of(text)) }
func (server) setStatus(text string) { skSetStatus(of(text)) }
func (server) setError(text string)  { skSetError(of(text)) }

func (server) handleMessage(json []byte) { skHandleMessage(bytesOf(json)) }

func (server) publishNotification(path string, json []byte) int32 {
	p, n := of(path)
	j, jn := bytesOf(json)
	return skPublishNotification(p, n, j, jn)
}

func (server) getSelfPath(path string, out []byte) int32 {
	p, n := of(path)
	o, max := bytesOf(out)
	return skGetSelfPath(p, n, o, max)
}

func (server) readConfig(out []byte) int32            { return skReadConfig(bytesOf(out)) }
func (server) saveConfig(json []byte) int32           { return skSaveConfig(bytesOf(json)) }
func (server) hasCapability(name string) bool         { return skHasCapability(of(name)) != 0 }
func (server) registerResources(kind string) bool     { return skRegisterResourceProvider(of(kind)) != 0 }
func (server) registerWeather(name string) bool       { return skRegisterWeatherProvider(of(name)) != 0 }
func (server) registerRadar(name string) bool         { return skRegisterRadarProvider(of(name)) != 0 }
func (server) emitStream(id string, data []byte) bool { return emit(skEmitBinaryStream, id, data) }
func (server) emitSpokes(id string, data []byte) bool { return emit(skRadarEmitSpokes, id, data) }

func (server) registerPut(context, path string) bool {
	c, cn := of(context)
	p, n := of(path)
	return skRegisterPutHandler(c, cn, p, n) != 0
}

func emit(f func(unsafe.Pointer, uint32, unsafe.Pointer, uint32) int32, id string, data []byte) bool {
	p, n := of(id)
	d, dn := bytesOf(data)
	return f(p, n, d, dn) != 0
}

// blocks holds what the server borrowed, so that the collector leaves it alone.
var blocks = map[uint32][]byte{}

//go:wasmexport allocate
func allocate(n uint32) uint32 {
	block := make([]byte, max(n, 1))
	at := uint32(uintptr(unsafe.Pointer(&block[0])))
	blocks[at] = block
	return at
}

//go:wasmexport deallocate
func deallocate(at, n uint32) { delete(blocks, at) }

// taken is a copy of what the server lent.
func taken(at, n uint32) []byte {
	if n == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(uintptr(at))), n)...)
}

// Give writes text into the server's buffer, as much as fits, and says how much. A server that got it full asks with a larger one.
func Give(out, max uint32, text string) int32 {
	if max == 0 {
		return 0
	}
	return int32(copy(unsafe.Slice((*byte)(unsafe.Pointer(uintptr(out))), max), text))
}
