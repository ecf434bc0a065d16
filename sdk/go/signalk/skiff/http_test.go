package skiff

import "testing"

func TestAnAnswerAndNone(t *testing.T) {
	if _, err := Get("http://boat.example/"); err == nil || err.Error() != "nobody answers in this test" {
		t.Fatal(err)
	}
	Answer = func(r Request) *Response {
		return &Response{Status: 404, URL: r.URL, Body: []byte("none of " + r.Method + string(r.Body))}
	}
	response, err := Request{URL: "http://boat.example/x", Method: "PUT", Body: []byte("!")}.Send()
	if err != nil || response.Status != 404 || response.URL != "http://boat.example/x" || string(response.Body) != "none of PUT!" {
		t.Fatal(response, err)
	}
}
