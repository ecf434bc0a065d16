"""OpenAPI documents: what they tell is what there is."""
import re

import pytest

from harness.security import secure

NAMES = ("apps", "course", "discovery", "history", "notifications", "radar", "resources", "security", "weather")


@pytest.mark.parametrize("name", NAMES)
def test_each_document_is_complete_openapi(server, name):
    document = server.get(f"/skServer/openapi/{name}").ok()
    assert document["openapi"].startswith("3.0") and document["info"]["title"] and document["info"]["version"]
    assert document["paths"]
    for path, operations in document["paths"].items():
        assert path.startswith("/") and operations
        wanted = set(re.findall(r"{(\w+)}", path))
        for method, operation in operations.items():
            assert method in ("get", "put", "post", "delete") and operation["summary"] and operation["responses"]
            assert {parameter["name"] for parameter in operation["parameters"]} == wanted
            assert ("requestBody" in operation) == (method in ("put", "post"))


def test_the_paths_told_answer(server):
    for name in NAMES:
        document = server.get(f"/skServer/openapi/{name}").ok()
        for path, operations in document["paths"].items():
            if "get" in operations and "{" not in path:
                answer = server.get(document["servers"][0]["url"] + path.rstrip("/"))
                assert "Cannot GET" not in answer.text, (name, path)


def test_the_course_is_told_in_full(server):
    paths = server.get("/skServer/openapi/course").ok()["paths"]
    assert {"/", "/destination", "/activeRoute", "/activeRoute/nextPoint", "/arrivalCircle", "/calcValues"} <= set(paths)
    assert set(paths["/"]) == {"get", "delete"}


def test_an_unknown_document_is_not_found_and_all_may_read(config, launch):
    server = launch(folder=secure(config))
    answer = server.get("/skServer/openapi/none")
    assert (answer.status, answer.json()) == (404, "Not found")
    assert server.get("/skServer/openapi/course").status == 200
    page = server.get("/doc/openapi/")
    assert page.status == 200 and all(f"/skServer/openapi/{name}" in page.text for name in NAMES)
