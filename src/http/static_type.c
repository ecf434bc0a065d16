/* Media types by file name extension. */
#include "http/conn.h"
#include "http/static.h"

static const struct {
    const char *extension, *type;
} types[] = {
    { "html", "text/html; charset=utf-8" },
    { "js", "text/javascript; charset=utf-8" },
    { "css", "text/css; charset=utf-8" },
    { "json", "application/json; charset=utf-8" },
    { "svg", "image/svg+xml" },
    { "png", "image/png" },
    { "jpg", "image/jpeg" },
    { "jpeg", "image/jpeg" },
    { "webp", "image/webp" },
    { "woff2", "font/woff2" },
    { "woff", "font/woff" },
    { "ico", "image/x-icon" },
    { "mjs", "text/javascript; charset=utf-8" },
    { "cjs", "text/javascript; charset=utf-8" },
    { "map", "application/json; charset=utf-8" },
    { "wasm", "application/wasm" },
    { "webmanifest", "application/manifest+json; charset=utf-8" },
    { "htm", "text/html; charset=utf-8" },
    { "txt", "text/plain; charset=utf-8" },
    { "md", "text/markdown; charset=utf-8" },
    { "csv", "text/csv; charset=utf-8" },
    { "xml", "application/xml; charset=utf-8" },
    { "gif", "image/gif" },
    { "avif", "image/avif" },
    { "bmp", "image/bmp" },
    { "ttf", "font/ttf" },
    { "otf", "font/otf" },
    { "eot", "application/vnd.ms-fontobject" },
    { "mp3", "audio/mpeg" },
    { "ogg", "audio/ogg" },
    { "wav", "audio/wav" },
    { "mp4", "video/mp4" },
    { "webm", "video/webm" },
    { "pdf", "application/pdf" },
    { "zip", "application/zip" },
    { "gz", "application/gzip" },
    { "tgz", "application/gzip" },
    { "pbf", "application/x-protobuf" },
    { "mvt", "application/vnd.mapbox-vector-tile" },
    { "geojson", "application/geo+json; charset=utf-8" },
    { "gpx", "application/gpx+xml" },
    { "kml", "application/vnd.google-earth.kml+xml" },
    { "pem", "application/x-x509-ca-cert" },
    { "yaml", "text/yaml; charset=utf-8" },
    { "yml", "text/yaml; charset=utf-8" },
    { "glb", "model/gltf-binary" },
    { "gltf", "model/gltf+json" },
};

const char *sk_static_type(struct sk_span name)
{
    size_t dot = name.n;
    while (dot > 0 && name.p[dot - 1] != '.' && name.p[dot - 1] != '/')
        dot--;
    if (dot > 0 && name.p[dot - 1] == '.')
        for (size_t i = 0; i < SK_COUNT(types); i++)
            if (sk_span_same((struct sk_span){ name.p + dot, name.n - dot }, types[i].extension))
                return types[i].type;
    return "application/octet-stream";
}
