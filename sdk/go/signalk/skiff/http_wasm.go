//go:build wasip1

package skiff

import "unsafe"

//go:wasmimport env sk_http_request
func skHTTPRequest(request unsafe.Pointer, n uint32, body unsafe.Pointer, bodyN uint32, head unsafe.Pointer, max uint32) int32

//go:wasmimport env sk_http_body
func skHTTPBody(out unsafe.Pointer, max uint32) int32

func of(data []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(data)), uint32(len(data))
}

func httpRequest(request, body, head []byte) int32 {
	r, rn := of(request)
	b, bn := of(body)
	h, hn := of(head)
	return skHTTPRequest(r, rn, b, bn, h, hn)
}

func httpBody(out []byte) int32 { return skHTTPBody(of(out)) }
