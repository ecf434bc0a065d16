/* Names that AIS gives to numbers, as the Signal K schema spells them. */
#include "codec/nmea0183/ais.h"

const char *sk_ais_aid_type(int code)
{
    static const char *const names[32] = {
        [1] = "Reference Point",
        [3] = "Fixed Structure Off Shore",
        [4] = "Emergency Wreck Marking Buoy",
        [5] = "Light, Without Sectors",
        [6] = "Light, With Sectors",
        [7] = "Leading Light Front",
        [8] = "Leading Light Rear",
        [9] = "Beacon, Cardinal N",
        [10] = "Beacon, Cardinal E",
        [11] = "Beacon, Cardinal S",
        [12] = "Beacon, Cardinal W",
        [13] = "Beacon, Port Hand",
        [14] = "Beacon, Starboard Hand",
        [15] = "Beacon, Preferred Channel Port Hand",
        [16] = "Beacon, Preferred Channel Starboard Hand",
        [17] = "Beacon, Isolated Danger",
        [18] = "Beacon, Safe Water",
        [19] = "Beacon, Special Mark",
        [20] = "Cardinal Mark N",
        [21] = "Cardinal Mark E",
        [22] = "Cardinal Mark S",
        [23] = "Cardinal Mark W",
        [24] = "Port Hand Mark",
        [25] = "Starboard Hand Mark",
        [26] = "Preferred Channel Port Hand",
        [27] = "Preferred Channel Starboard Hand",
        [28] = "Isolated danger",
        [29] = "Safe Water",
        [30] = "Special Mark",
        [31] = "Light Vessel/LANBY/Rigs",
    };
    return code >= 0 && code < 32 ? names[code] : NULL;
}

/* The second digit of 20 to 29, 40 to 49 and 60 to 99 says what is carried. */
static const char *of_decade(int code)
{
    static const char *const names[10][7] = {
        [2] = { "Wing In Ground", "Wing In Ground hazard cat A", "Wing In Ground hazard cat B", "Wing In Ground hazard cat C",
                "Wing In Ground hazard cat D", "Wing In Ground", "Wing In Ground (no other information)" },
        [4] = { "High speed craft", "High speed craft carrying dangerous goods", "High speed craft hazard cat B",
                "High speed craft hazard cat C", "High speed craft hazard cat D", "High speed craft",
                "High speed craft (no additional information)" },
        [6] = { "Passenger ship", "Passenger ship hazard cat A", "Passenger ship hazard cat B", "Passenger ship hazard cat C",
                "Passenger ship hazard cat D", "Passenger ship", "Passenger ship (no additional information)" },
        [7] = { "Cargo ship", "Cargo ship carrying dangerous goods", "Cargo ship hazard cat B", "Cargo ship hazard cat C",
                "Cargo ship hazard cat D", "Cargo ship", "Cargo ship (no additional information)" },
        [8] = { "Tanker", "Tanker carrying dangerous goods", "Tanker hazard cat B", "Tanker hazard cat C", "Tanker hazard cat D",
                "Tanker", "Tanker (no additional information)" },
        [9] = { "Other", "Other carrying dangerous goods", "Other hazard cat B", "Other hazard cat C", "Other hazard cat D",
                "Other", "Other (no additional information)" },
    };
    int digit = code % 10;
    return names[code / 10][digit < 5 ? digit : digit < 9 ? 5 : 6];
}

const char *sk_ais_ship_type(int code)
{
    static const char *const thirties[8] = { "Fishing",
                                             "Towing",
                                             "Towing exceeds 200m or wider than 25m",
                                             "Engaged in dredging or underwater operations",
                                             "Engaged in diving operations",
                                             "Engaged in military operations",
                                             "Sailing",
                                             "Pleasure" };
    static const char *const fifties[10] = { "Pilot vessel",    "SAR",   "Tug",      "Port tender", "Anti-pollution",
                                             "Law enforcement", "Spare", "Spare #2", "Medical",     "RR Resolution No.18" };
    if (code < 20 || code > 99)
        return NULL;
    if (code / 10 == 3)
        return code % 10 < 8 ? thirties[code % 10] : NULL;
    return code / 10 == 5 ? fifties[code % 10] : of_decade(code);
}
