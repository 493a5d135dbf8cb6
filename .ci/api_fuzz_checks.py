"""Checks of ours, for what the configuration of `make api-fuzz` grants to single operations."""

import json
import re

import schemathesis

NOT_IN_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]")
PROBLEM = "urn:bindery:problem:"
OF_HOSTS = {"downloadFailed", "storeFailed", "urlNotAllowed"}


def kind(response):
    """The kind of a problem, if the answer is one in JSON."""
    media_type = response.headers.get("content-type", [""])[0]
    if media_type != "application/problem+json":
        return None
    return response.json()["type"].removeprefix(PROBLEM)


@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    """Lets most calls of the Simple API name a connection that there is, which no schema knows."""
    named = (path_parameters or {}).get("connection")
    if isinstance(named, str):
        usable = {0: "archive-pdfa2-default", 1: "convert-to-pdf", 2: "convert-to-pdf"}
        path_parameters["connection"] = usable.get(len(named) % 4, named)
    return path_parameters


def texts(value):
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


@schemathesis.hook
def filter_case(ctx, case):
    """Leaves out XML that cannot be written: what cannot be in it is dropped on the way, and what is sent is in order then."""
    is_xml = case.media_type in ("application/xml", "text/xml")
    return not (is_xml and any(NOT_IN_XML.search(text) for text in texts(case.body)))


@schemathesis.check
def the_only_5xx_is_one_of_the_contract(ctx, response, case):
    if response.status_code >= 500:
        assert response.status_code == 504, f"{response.status_code} is an error of the service"
        assert kind(response) in (None, "notYet"), "504 means that the job is not completed yet"


def has_broken_options(case):
    """Whether the options of an upload are no list in JSON: to a schema that is a text like any other."""
    if case.media_type != "multipart/form-data" or not isinstance(case.body, dict) or "options" not in case.body:
        return False
    options = case.body["options"]
    try:
        options = json.loads(getattr(options, "data", options))
        return not all(isinstance(each["name"], str) and each["name"] and "value" in each for each in options)
    except (TypeError, ValueError, KeyError):
        return True


@schemathesis.check
def a_request_in_order_is_refused_only_because_of_a_host(ctx, response, case):
    operation = case.operation.definition.raw["operationId"]
    if operation not in ("addData", "httpInputStructured", "storeJobResultData") or response.status_code != 400:
        return
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # The contract wants a `url` with some bodies and ignores it with others, which OpenAPI cannot say.
    url = str((case.query or {}).get("url") or "")
    has_no_url = not url.lower().startswith(("http://", "https://")) and case.media_type != "multipart/form-data"
    if operation == "httpInputStructured" and any(item.get("content") is None for item in case.body["data"]):
        return
    if (operation == "addData" and has_no_url) or has_broken_options(case):
        return
    assert kind(response) in OF_HOSTS | {None}, f"it was refused as {kind(response)}"
