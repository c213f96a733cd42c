"""The words of the reviewer's report, in English and Swedish."""

from __future__ import annotations

from collections.abc import Callable, Mapping

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Review", "Granskning"),
    "made": ("Made", "Upprättad"),
    "what": ("What", "Vad"),
    "value": ("Value", "Värde"),
    "pseudonym": ("Pseudonym", "Pseudonym"),
    "place": ("Place", "Plats"),
    "started": ("Started (UTC)", "Började (UTC)"),
    "finished": ("Finished (UTC)", "Slutade (UTC)"),
    "extra_time": ("Extra time", "Extra tid"),
    "videos": ("Videos", "Videor"),
    "standing": ("Where it stands", "Läge"),
    "standing_open": ("not decided", "inte avgjort"),
    "standing_no_finding": ("no finding", "ingen anmärkning"),
    "standing_awaiting_second": (
        "a finding that waits for a second reviewer, and has no effect before that",
        "en anmärkning som väntar på en andra granskare och inte gäller dessförinnan",
    ),
    "standing_disagreed": (
        "two reviewers disagree: it has no effect",
        "två granskare är oense: den gäller inte",
    ),
    "standing_finding": ("a finding", "anmärkning"),
    "decisions": ("Decisions", "Beslut"),
    "reviewer": ("Reviewer (key)", "Granskare (nyckel)"),
    "decision": ("Decision", "Beslut"),
    "reason": ("Reason", "Skäl"),
    "answer": ("to the candidate", "till kandidaten"),
    "verdict_no_finding": ("no finding", "ingen anmärkning"),
    "verdict_finding": ("finding", "anmärkning"),
    "agrees": ("agrees with no. {number}", "instämmer med nr {number}"),
    "disagrees": ("disagrees with no. {number}", "instämmer inte med nr {number}"),
    "remark": ("The candidate's remark", "Kandidatens kommentar"),
    "incidents": ("Incidents, and what invigilators said", "Händelser, och vad vakterna sade"),
    "incident": ("Incident", "Händelse"),
    "note": ("Note", "Anteckning"),
    "observations": ("What the machine noticed", "Vad maskinen lade märke till"),
    "observation": ("Observation", "Iakttagelse"),
    "when": ("When (UTC)", "När (UTC)"),
    "none": ("Nothing.", "Inget."),
    "proof": ("Proof", "Bevis"),
    "proof_text": (
        "Complete and unchanged as signed by the box {box}. Root for the paper exam record: "
        "{root}. A machine only notices; people decide. Decisions are signed with the reviewers' "
        "own keys.",
        "Fullständigt och oförändrat, undertecknat av lådan {box}. Rot för provets "
        "pappersprotokoll: {root}. En maskin lägger bara märke till; människor beslutar. Besluten "
        "är undertecknade med granskarnas egna nycklar.",
    ),
}


def texts(language: str) -> Callable[[str], str]:
    """Looks a text up by its name; English for a language that is not here."""
    place = 1 if language == "sv" else 0
    return lambda name: _TEXTS[name][place]
