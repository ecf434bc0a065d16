"""Subscriptions on the stream: which paths and contexts, when, how often, and how they end."""
import itertools

import pytest

from harness.server import NAME, SELF, SELF_ID
from harness.streams import MARKER, has_path, has_value, metas_in, paths_in, values_in
from harness.waiting import eventually

OTHER = "vessels.urn:mrn:imo:mmsi:230099999"
THIRD = "vessels.urn:mrn:imo:mmsi:230088888"


@pytest.fixture
def quiet(server):
    """A client that gets nothing but what it subscribes to."""
    stream = server.stream("?subscribe=none")
    stream.hello()
    return stream


def until_mark(stream, feeder):
    """[(context, $source, path, value)] of everything before a mark made now, marks left out."""
    got = stream.collect_until_marker(feeder.mark())
    return [value for message in got for value in values_in(message) if value[2] != MARKER]


def texts(messages):
    return [message for message in messages if isinstance(message, str)]


# ---- the golden story ----


def test_golden_subscription(server, feeder, quiet):
    source = {"label": "t1", "type": "NMEA0183", "sentence": "RMC", "talker": "GP"}
    feeder.feed(
        {"updates": [{"source": source, "timestamp": "2026-01-01T00:00:00.000Z",
                      "values": [{"path": "navigation.speedOverGround", "value": 3.1},
                                 {"path": "navigation.position", "value": {"latitude": 60.1, "longitude": 24.9}}]}]},
        {"updates": [{"$source": "n2k.43", "timestamp": "2026-01-01T00:00:01.000Z",
                      "values": [{"path": "navigation.speedOverGround", "value": 3.2}, {"path": "foo.nul", "value": None}]}]},
    )
    quiet.subscribe("navigation.*", MARKER)
    got = [m for m in quiet.collect_until_marker(feeder.mark()) if MARKER not in paths_in([m])]
    expected = [
        {"context": SELF, "updates": [{"source": source, "$source": "t1.GP", "timestamp": "2026-01-01T00:00:00.000Z",
                                       "values": [{"path": "navigation.speedOverGround", "value": 3.1}]}]},
        {"context": SELF, "updates": [{"$source": "n2k.43", "timestamp": "2026-01-01T00:00:01.000Z",
                                       "values": [{"path": "navigation.speedOverGround", "value": 3.2}]}]},
        {"context": SELF, "updates": [{"source": source, "$source": "t1.GP", "timestamp": "2026-01-01T00:00:00.000Z",
                                       "values": [{"path": "navigation.position", "value": {"latitude": 60.1, "longitude": 24.9}}]}]},
    ]
    by_path = lambda messages, path: [m for m in messages if paths_in([m]) == [path]]
    for path in ("navigation.speedOverGround", "navigation.position"):  # sorted by time within a path
        assert by_path(got, path) == by_path(expected, path)
    assert len(got) == 3


def test_a_live_value_comes_alone_with_its_keys_in_order(feeder, quiet):
    quiet.subscribe("a.*")
    feeder.feed({"updates": [{"$source": "m", "timestamp": "2026-01-01T00:00:00.000Z",
                              "values": [{"path": "a.c", "value": 7}, {"path": "a.d", "value": 8}, {"path": "b.c", "value": 9}]}]})
    wanted = '{"context":"%s","updates":[{"$source":"m","timestamp":"2026-01-01T00:00:00.000Z","values":[{"path":"%s","value":%d}]}]}'
    quiet.recv()
    assert quiet.last_text == wanted % (SELF, "a.c", 7)
    quiet.recv()
    assert quiet.last_text == wanted % (SELF, "a.d", 8)


# ---- which paths ----

TREE = ["navigation.speedOverGround", "navigation.position", "navX.y", "propulsion.port.revolutions", "propulsion.starboard.revolutions",
        "propulsion.port.drive.revolutions", "a.b", "aXb", "a.b.c", "z.a.b"]

PATTERNS = {
    "navigation.*": ["navigation.speedOverGround", "navigation.position"],
    "nav*": ["navigation.speedOverGround", "navigation.position", "navX.y"],
    "*.revolutions": ["propulsion.port.revolutions", "propulsion.starboard.revolutions", "propulsion.port.drive.revolutions"],
    "propulsion.*.revolutions": ["propulsion.port.revolutions", "propulsion.starboard.revolutions", "propulsion.port.drive.revolutions"],
    "a.b": ["a.b"],
    "a.*": ["a.b", "a.b.c"],
    "*a.b": ["a.b", "z.a.b"],
    "a?b": [], "a+b": [], "a.b$": [], "^a.b": [], "(a.b)": [], "[a].b": [], "A.B": [],
    "*p*o*s*": ["navigation.position", "propulsion.port.revolutions", "propulsion.starboard.revolutions", "propulsion.port.drive.revolutions"],
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_star_matches_anything_and_the_rest_is_literal(feeder, quiet, pattern, when):
    feed = lambda: feeder.put_values({path: 1 for path in TREE})
    if when == "before":
        feed()
    quiet.subscribe(pattern, MARKER)
    if when == "after":
        until_mark(quiet, feeder)
        feed()
    assert sorted(path for _, _, path, _ in until_mark(quiet, feeder)) == sorted(PATTERNS[pattern])


def test_a_pattern_of_many_stars_costs_nothing(feeder, quiet):
    quiet.subscribe("*a" * 200 + "b", MARKER)
    feeder.put_values({"a" * 200: 1})
    assert until_mark(quiet, feeder) == []


def test_rows_without_path_are_skipped(feeder, quiet):
    quiet.subscribe({"period": 1000}, {"path": 7}, "a.b", MARKER)
    feeder.values(a__b=1)
    assert [path for _, _, path, _ in until_mark(quiet, feeder)] == ["a.b"]


@pytest.mark.parametrize("message", [
    {"context": "vessels.self", "subscribe": "a.b"}, {"context": "vessels.self", "subscribe": None}, {"context": "vessels.self", "subscribe": {}},
    {"context": "vessels.self", "subscribe": [None, 7, "x", []]}, {"context": 7, "subscribe": [{"path": "a.b"}]}, {"subscribe": []},
])
def test_malformed_subscriptions_do_not_end_the_stream(feeder, quiet, message):
    quiet.send(message)
    quiet.subscribe("good.one")
    feeder.values(good__one=1)
    assert quiet.until(has_path("good.one"))


# ---- which contexts ----

CONTEXTS = {
    "vessels.self": {SELF}, "self": {SELF}, SELF: {SELF}, OTHER: {OTHER}, "vessels.*": {SELF, OTHER, THIRD}, "*": {SELF, OTHER, THIRD, "aton.a1"},
    None: {SELF, OTHER, THIRD, "aton.a1"}, "vessels.urn:mrn:imo:*": {OTHER, THIRD}, "*.a1": {"aton.a1"}, "vessels.nobody": set(), "vessels": set(),
}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_context_patterns(feeder, quiet, context, when):
    def feed():
        for each in (None, OTHER, THIRD, "aton.a1"):
            feeder.put_values({"a.b": 1}, context=each)

    if when == "before":
        feed()
    quiet.subscribe("a.b", context=context)
    quiet.subscribe(MARKER)
    if when == "after":
        until_mark(quiet, feeder)
        feed()
    assert {found for found, _, _, _ in until_mark(quiet, feeder)} == CONTEXTS[context]


def test_an_absent_context_means_every_context(feeder, quiet):
    quiet.send({"subscribe": [{"path": "a.b"}]})
    quiet.subscribe(MARKER)
    feeder.put_values({"a.b": 1}, context=OTHER)
    assert [found for found, _, _, _ in until_mark(quiet, feeder)] == [OTHER]


def test_relative_position_selects_the_vessels_within_the_radius(feeder, quiet):
    near, far = {"latitude": 60.001, "longitude": 25.0}, {"latitude": 61.0, "longitude": 25.0}
    feeder.put_values({"navigation.position": near}, context=OTHER)
    feeder.put_values({"navigation.position": far}, context=THIRD)
    quiet.subscribe("a.b", context={"radius": 1000, "position": {"latitude": 60.0, "longitude": 25.0}})
    quiet.subscribe(MARKER)
    for context in (OTHER, THIRD):
        feeder.put_values({"a.b": 1}, context=context)
    assert [found for found, _, _, _ in until_mark(quiet, feeder)] == [OTHER]
    feeder.put_values({"navigation.position": far}, context=OTHER)  # it sails away, the other one comes near
    feeder.put_values({"navigation.position": near}, context=THIRD)
    for context in (OTHER, THIRD):
        feeder.put_values({"a.b": 2}, context=context)
    assert [(found, value) for found, _, path, value in until_mark(quiet, feeder) if value == 2] == [(THIRD, 2)]


@pytest.mark.parametrize("context", [{"radius": "wide", "position": {"latitude": 60, "longitude": 25}},
                                     {"radius": 1000, "position": {"latitude": None, "longitude": 25}}, {"radius": 1000}])
def test_relative_position_wants_numbers(feeder, quiet, context):
    quiet.subscribe("a.b", context=context)
    assert quiet.recv() == "Please specify a radius and position for relativePosition"
    quiet.subscribe(MARKER)
    feeder.values(a__b=1)
    assert until_mark(quiet, feeder) == []


# ---- root values ----


def test_root_values_by_their_empty_path_and_by_name(feeder, quiet):
    quiet.subscribe("")
    assert values_in(quiet.recv()) == [(SELF, "defaults", "", {"name": NAME, "uuid": SELF_ID})]
    quiet.subscribe("name")
    assert values_in(quiet.recv()) == [(SELF, "defaults", "name", NAME)]


def test_root_values_arrive_live_flattened_or_whole_as_the_row_asks(feeder, quiet):
    quiet.subscribe("communication.callsignVhf", MARKER, context=OTHER)
    quiet.subscribe(MARKER)
    root = {"name": "OTHER", "communication": {"callsignVhf": "OH1"}}
    feeder.put_values({"": root}, context=OTHER, source="ais.1")
    assert until_mark(quiet, feeder) == [(OTHER, "ais.1", "communication.callsignVhf", "OH1")]
    quiet.unsubscribe_all()
    quiet.subscribe("*", context=OTHER)
    quiet.subscribe(MARKER)
    assert (OTHER, "ais.1", "", root) in until_mark(quiet, feeder)


# ---- initial values ----


def test_initial_values_come_from_every_source(feeder, quiet):
    feeder.put_values({"a.b": 1}, source="one.1", timestamp="2026-01-01T00:00:02.000Z")
    feeder.put_values({"a.b": 2}, source="two.2", timestamp="2026-01-01T00:00:01.000Z")
    quiet.subscribe("a.b", MARKER)
    assert until_mark(quiet, feeder) == [(SELF, "two.2", "a.b", 2), (SELF, "one.1", "a.b", 1)]


def test_initial_values_come_although_cached_values_are_off(server, feeder):
    feeder.values(a__b=1)
    stream = server.stream("?subscribe=none&sendCachedValues=false")
    stream.hello()
    stream.subscribe("a.b")
    assert paths_in([stream.recv()]) == ["a.b"]


@pytest.mark.parametrize("row", [{"period": 3_600_000}, {"minPeriod": 3_600_000}])
def test_initial_values_come_at_once_and_start_no_timer(feeder, quiet, row):
    feeder.values(a__b=1)
    quiet.subscribe({"path": "a.b", **row}, MARKER)
    assert [value for _, _, _, value in until_mark(quiet, feeder)] == [1]
    if "minPeriod" in row:
        feeder.values(a__b=2)
        assert [value for _, _, _, value in until_mark(quiet, feeder)] == [2]


def test_a_path_that_appears_later_is_delivered_exactly_once(feeder, quiet):
    quiet.subscribe("new.*", MARKER)
    feeder.values(new__path=1)
    assert until_mark(quiet, feeder) == [(SELF, "ws", "new.path", 1)]


# ---- no de-duplication ----


def test_each_row_is_independent(feeder, quiet):
    feeder.values(a__b=1)
    quiet.subscribe("a.b", "a.*", MARKER)
    assert [value for _, _, _, value in until_mark(quiet, feeder)] == [1, 1]
    quiet.subscribe("a.b")
    feeder.values(a__b=2)
    assert [value for _, _, _, value in until_mark(quiet, feeder)] == [1, 2, 2, 2]


def test_a_subscription_beside_the_default_feed_delivers_twice(server, feeder):
    stream = server.stream("?sendCachedValues=false")
    stream.hello()
    stream.subscribe("a.c")
    feeder.feed({"updates": [{"$source": "m", "values": [{"path": "a.c", "value": 7}]}]})
    got = [message for message in stream.collect_until_marker(feeder.mark()) if has_path("a.c")(message)]
    assert len(got) == 2
    assert sorted(list(message)[0] for message in got) == ["context", "updates"]  # one as sent, one as subscribed


# ---- metadata ----


def test_metadata_of_matching_paths_comes_in_messages_of_its_own(feeder, quiet):
    quiet.subscribe("a.b", MARKER)
    feeder.feed({"updates": [{"$source": "m.1", "values": [{"path": "a.b", "value": 1}, {"path": "a.c", "value": 1}],
                              "meta": [{"path": "a.b", "value": {"units": "K"}}, {"path": "a.c", "value": {"units": "K"}}]}]})
    got = [m for m in quiet.collect_until_marker(feeder.mark()) if MARKER not in paths_in([m])]
    assert [metas_in(message) for message in got] == [[(SELF, "a.b", {"units": "K"})], []]
    assert [values_in(message) for message in got] == [[], [(SELF, "m.1", "a.b", 1)]]


# ---- minPeriod ----


def test_min_period_lets_the_first_value_through_and_swallows_the_rest(feeder, quiet):
    quiet.subscribe({"path": "a.*", "minPeriod": 3_600_000}, MARKER)
    for value in (1, 2, 3):
        feeder.put_values({"a.b": value}, source="one.1")
    assert until_mark(quiet, feeder) == [(SELF, "one.1", "a.b", 1)]


def test_min_period_throttles_each_path_source_and_context_by_itself(feeder, quiet):
    quiet.subscribe({"path": "a.*", "minPeriod": 3_600_000}, MARKER, context="*")
    for value in (1, 2):
        feeder.put_values({"a.b": value, "a.c": value}, source="one.1")
        feeder.put_values({"a.b": value}, source="two.2")
        feeder.put_values({"a.b": value}, source="one.1", context=OTHER)
    assert sorted(until_mark(quiet, feeder)) == sorted([
        (SELF, "one.1", "a.b", 1), (SELF, "one.1", "a.c", 1), (SELF, "two.2", "a.b", 1), (OTHER, "one.1", "a.b", 1)])


def test_min_period_opens_again_after_its_time(feeder, quiet):
    quiet.subscribe({"path": "a.b", "minPeriod": 300}, MARKER)
    feeder.put_values({"a.b": 0})
    assert [value for *_, value in until_mark(quiet, feeder)] == [0]
    numbers = itertools.count(1)

    def next_one():
        feeder.put_values({"a.b": next(numbers)})
        return until_mark(quiet, feeder)

    (*_, value), = eventually(next_one, "a second value")
    assert value == next(numbers) - 1  # the value of the moment, not a kept one


def test_min_period_does_not_apply_to_root_values(feeder, quiet):
    quiet.subscribe({"path": "*", "minPeriod": 3_600_000}, context=OTHER)
    quiet.subscribe(MARKER)
    for flag in ("FI", "SE"):
        feeder.put_values({"": {"flag": flag}}, context=OTHER)
    assert [value["flag"] for _, _, path, value in until_mark(quiet, feeder) if path == ""] == ["FI", "SE"]


# ---- period ----


def test_period_sends_the_last_value_at_its_end_and_repeats_nothing(feeder, quiet):
    quiet.subscribe({"path": "a.b", "period": 300}, {"path": "a.clock", "period": 300}, MARKER)
    for value in (1, 2, 3):
        feeder.put_values({"a.b": value})
    got = []

    def four_ticks():
        feeder.put_values({"a.clock": len(got)})
        got.extend(until_mark(quiet, feeder))
        return sum(path == "a.clock" for _, _, path, _ in got) >= 4

    eventually(four_ticks, "four steps of the period")
    assert [value for _, _, path, value in got if path == "a.b"] == [3]


def test_period_keeps_sources_apart(feeder, quiet):
    quiet.subscribe({"path": "a.b", "period": 300})
    for source, value in (("one.1", 1), ("two.2", 2), ("one.1", 11)):
        feeder.put_values({"a.b": value}, source=source)
    assert {values_in(quiet.recv())[0][1:] for _ in range(2)} == {("one.1", "a.b", 11), ("two.2", "a.b", 2)}


@pytest.mark.parametrize("row", [{"policy": "fixed"}, {"period": "abc"}])
def test_fixed_without_a_usable_period_means_a_second(feeder, quiet, row):
    quiet.subscribe({"path": "a.b", **row})
    for value in (1, 2, 3):
        feeder.put_values({"a.b": value})
    assert values_in(quiet.until(has_path("a.b")))[0][3] == 3


# ---- complaints ----

COMPLAINTS = [
    ({"policy": "ideal"}, {"Only 'instant' and 'fixed' policies supported, ignoring policy ideal"}),
    ({"minPeriod": 3_600_000, "policy": "fixed"}, {"minPeriod assumes policy 'instant', ignoring policy fixed"}),
    ({"minPeriod": 3_600_000, "policy": "ideal"}, {"minPeriod assumes policy 'instant', ignoring policy ideal",
                                                   "Only 'instant' and 'fixed' policies supported, ignoring policy ideal"}),
    ({"period": 1000, "policy": "instant"}, {"period assumes policy 'fixed', ignoring policy instant"}),
    ({"format": "full"}, {"Only delta format supported, using it"}),
    ({"minPeriod": "abc"}, {"invalid minPeriod value 'abc', ignoring"}),
]


@pytest.mark.parametrize("row, wanted", COMPLAINTS)
def test_contradictions_are_named_and_data_flows(feeder, quiet, row, wanted):
    quiet.subscribe({"path": "a.b", **row}, MARKER)
    feeder.values(a__b=1)
    got = quiet.collect_until(has_path("a.b"))
    assert set(texts(got)) == wanted


def test_a_dropped_policy_word_leaves_the_throttle(feeder, quiet):
    quiet.subscribe({"path": "a.b", "minPeriod": 3_600_000, "policy": "fixed"}, {"path": "a.c", "period": 3_600_000, "policy": "instant"}, MARKER)
    for value in (1, 2):
        feeder.put_values({"a.b": value, "a.c": value})
    assert [(path, value) for _, _, path, value in until_mark(quiet, feeder)] == [("a.b", 1), ("a.c", 1), ("a.c", 2)]


def test_nothing_to_complain_about(feeder, quiet):
    quiet.subscribe({"path": "a.b", "format": "delta", "policy": "instant", "minPeriod": 10}, {"path": "a.b", "period": 200, "policy": "fixed"}, MARKER)
    feeder.values(a__b=1)
    got = quiet.collect_until_marker(feeder.mark())
    assert texts(got) == []


# ---- announceNewPaths ----


def test_announce_new_paths_tells_each_path_once(feeder, quiet):
    feeder.values(known__before=1)
    quiet.subscribe("some.row", MARKER, announceNewPaths=True)
    quiet.send({"requestId": "behind", "query": True})  # its answer comes behind all that the subscription sends at once
    got = quiet.collect_until(lambda message: message.get("requestId") == "behind")
    known = [value for message in got for value in values_in(message)]
    assert (SELF, "ws", "known.before", 1) in known
    assert [value for _, _, path, value in known if path == ""] == [{"name": NAME, "uuid": SELF_ID}]
    feeder.values(known__before=2, new__one=1)
    feeder.values(known__before=3, new__one=2, new__two=1)
    assert until_mark(quiet, feeder) == [(SELF, "ws", "new.one", 1), (SELF, "ws", "new.two", 1)]


def test_announce_new_paths_works_with_no_rows_at_all(feeder, quiet):
    quiet.send({"context": "*", "announceNewPaths": True, "subscribe": []})
    feeder.put_values({"new.one": 1}, context=OTHER)
    assert values_in(quiet.until(has_path("new.one"))) == [(OTHER, "ws", "new.one", 1)]


# ---- unsubscribe ----


def test_unsubscribe_all_ends_everything_but_the_connection(server, feeder):
    stream = server.stream("?sendCachedValues=false")
    stream.hello()
    stream.subscribe("a.b")
    feeder.values(a__b=1)
    stream.until(has_value("a.b", 1))
    stream.unsubscribe_all()
    stream.subscribe("sentinel.now")  # what follows was sent before or after, but the order tells
    server.feeder().values(sentinel__now=1)
    stream.until(has_path("sentinel.now"))
    feeder.values(a__b=2)
    feeder.values(sentinel__now=2)
    assert paths_in([stream.recv()]) == ["sentinel.now"]


def test_one_path_can_be_unsubscribed(feeder, quiet):
    quiet.subscribe("a.b", "a.c", MARKER)
    quiet.send({"context": "vessels.self", "unsubscribe": [{"path": "a.b"}]})
    until_mark(quiet, feeder)
    feeder.values(a__b=1, a__c=1)
    got = quiet.collect_until_marker(feeder.mark())
    assert texts(got) == []
    assert [path for path in paths_in(got) if path != MARKER] == ["a.c"]


@pytest.mark.parametrize("message", [{"unsubscribe": None}, {"unsubscribe": "x"}, {"unsubscribe": [None]}, {"unsubscribe": []},
                                     {"context": "*", "unsubscribe": [{"path": 7}]}])
def test_a_malformed_unsubscribe_harms_no_other_client(server, feeder, quiet, message):
    clumsy = server.stream("?subscribe=none")
    clumsy.send(message)
    quiet.subscribe("a.b")
    feeder.values(a__b=1)
    assert quiet.until(has_path("a.b"))


# ---- many ----


def test_many_clients_get_every_value_in_order(server, feeder):
    streams = []
    for _ in range(25):  # a server may limit connections per address to 30
        stream = server.stream("?subscribe=none")
        stream.hello()
        stream.subscribe("a.b")
        streams.append(stream)
    for value in range(20):
        feeder.put_values({"a.b": value})
    for stream in streams:
        got = stream.collect_until(has_value("a.b", 19))
        assert [value for message in got for *_, value in values_in(message)] == list(range(20))
