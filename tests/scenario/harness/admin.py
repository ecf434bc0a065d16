"""The admin UI in a browser: where its pages are, and what every browser says of a healthy server."""
from . import webapps

PLAIN = (  # the Node server answers the same, and the pages expect it
    r"404 .*/skServer/security/access/requests", r"401 .*/skServer/security/devices",  # security is off
    r"404 .*/applicationData/user/",  # the same
    r"404 .*/public_src/img/",  # an image that the published package does not hold
    r"404 .*/skServer/runDiscovery",  # instruments on the network are not looked for
    r"404 .*/skServer/asyncapi", r"404 .*/signalk/v2/api/(vessels/self/)?ble/",
)


def open_admin(page, where="/dashboard", *shown):
    """Opens a page of the admin UI and waits for its words."""
    page.allow(*PLAIN)
    page.goto("/admin/#" + where)
    for words in shown or ("Signal K",):
        page.wait_text(words)
    return page


def go(page, where, *shown):
    """On to another page, by its link's address."""
    page.goto("/admin/#" + where)
    for words in shown:
        page.wait_text(words)


def install(config):
    webapps.install(config, webapps.ADMIN)
    return config
