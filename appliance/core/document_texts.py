"""Paragraphs of the documents that hold for every configuration: safeguards, what is not promised,
what to do when something goes wrong. Each says what the code does; a change there changes this."""

from __future__ import annotations

SAFEGUARDS = (
    "Video, stills, photos and descriptors are sealed before they reach the disk: one key per "
    "candidate and exam (Cobblestone-256, AES-256-GCM chunks), wrapped by HPKE (ML-KEM-768 with "
    "X25519) for the recipients' public keys. Observations and decisions are rows in the box's "
    "database until close, then they are sealed too and the rows go.",
    "While an exam is open or live the box can open what it holds; at close the live key is "
    "destroyed and the box opens nothing any more.",
    "Names lie in a database of their own, sealed per exam; rows, media, object names, logs and "
    "the cloud carry random pseudonyms.",
    "Live pictures go through the box's relay from one peer to the other, encrypted between them, "
    "without sound, and are written nowhere.",
    "Media are decoded in a process without network, without write access to the disk and with a "
    "short list of system calls.",
    "One table in the program says which setting permits which data; settings are frozen and "
    "hashed when an exam becomes ready, and the hash stands in the signed manifest.",
    "A deny-by-default table says which role may do what, in which state of an exam and in which "
    "hall.",
    "The audit log is written before the action and chained by hashes; its head is shown at close "
    "as words and a code for the paper record and stands in the signed manifest.",
    "Staff log in with a passphrase (Argon2id) and, where enrolled, a time-based one-time code; "
    "failures are slowed down per name and address.",
)

OTHER_DATA = (
    (
        "attempt row", "hall, seat, states, times, extra minutes, version of the notice read, the "
        "page's public key; a pseudonym, no name", "plain rows in the box's database until "
        "retention ends",
    ),
    (
        "identity", "name and number from the roster, with the pseudonym",
        "sealed per exam in a database of its own until retention ends",
    ),
    (
        "audit log", "pseudonyms, what was done or looked at, purpose, time",
        "plain rows in a database of its own; this version deletes none of them",
    ),
    (
        "acts and words", "breaks, extra time and other acts, with the reasons and notes that "
        "staff type (a person may name somebody there); the candidate's own remark",
        "plain rows in the box's database, the remark sealed, until close; then sealed with the "
        "attempt until retention ends; notes from shift to shift are forgotten at close, messages "
        "with the program's memory",
    ),
    (
        "review", "a reviewer's decision with its reasons; which key looked at what, and when",
        "in the cloud until retention ends: the decision sealed and signed, the looks as signed "
        "rows under pseudonyms",
    ),
    (
        "network address", "of computers that join or log in: wrong tries wait by address, and an "
        "exam may let in the hall's networks only", "in memory only; written nowhere",
    ),
    (
        "staff account", "user name, role, exams and halls, hash of the passphrase, secret of the "
        "second factor", "in the box's database until the account is removed",
    ),
)  # fmt: skip

OVERSIGHT = (
    "An observation describes what was seen or heard, for how long and how clearly. There is no "
    "score of a person and no ranking.",
    "Only a person decides: confirm and dismiss are one key each, and both can be undone while "
    "the exam is live.",
    "Nothing in the program ends an attempt, locks a page or tells anybody outside by itself.",
    "An invigilator can mark an identity as checked by hand; comparison then stops for that "
    "attempt and its descriptor is deleted. A candidate who refuses the notice, or has no camera, "
    "sits under a person's eyes.",
    "The same signal at many seats at once becomes one event of the hall, counted against nobody. "
    "A lost connection is never an observation.",
    "No model for emotion, stress, mood, attention, age or gender is in the list of models, and a "
    "file that is not in that list by its SHA-256 is not loaded.",
)

RESIDUALS = (
    "A running box that is broken into during an exam can open what it holds until close.",
    "Whoever kept a copy of an envelope and holds that term's reviewer key can open that attempt, "
    "also after erasure, until the keys of the term are destroyed.",
    "A box stolen before the exam opens can yield the names of an imported roster.",
    "Sizes and times of upload are visible to the cloud; objects are not padded.",
    "Flash memory is not wiped with certainty: old blocks may outlive an overwrite.",
    "An invigilator can photograph the screen; the log shows what was looked at, not that.",
    "The comparison of faces does not detect a photo held before the camera, twins or close "
    "relatives.",
    "Error rates were measured on public test pictures, not on this school's cameras and pupils; "
    "figures per skin tone, light and glasses are not measured.",
    "Opening an archive takes one reviewer's key; two are not enforced.",
)

BREACH = (
    "At once: note the time; keep the box as it is (do not switch it off while an exam is live "
    "unless that is the harm); close the exam where footage is at risk: `hallvakt exam close`.",
    "Secure the facts: copy the state directory; `hallvakt audit verify --head WORDS` with the "
    "words of the paper record; `hallvakt sync verify` for the cloud copy.",
    "Within 24 hours: tell the data protection officer and the school's management; tell the "
    "supplier (an actively exploited weakness is to be reported by the manufacturer within 24 "
    "hours, Cyber Resilience Act Art. 14).",
    "Say what was readable: a box after close and the cloud copy hold ciphertext; a running exam "
    "and a lost reviewer key do not fall under that.",
    "A lost or stolen reviewer key: sign a new list of recipients without it and install it; what "
    "was sealed for it before stays readable to it.",
    "Within 72 hours of becoming aware: report to the supervisory authority (in Sweden IMY) unless "
    "a risk is unlikely (GDPR Art. 33); tell those concerned where the risk is high (Art. 34).",
    "Afterwards: write down facts, effects and remedies whether reported or not (Art. 33(5)).",
)

RIGHTS = (
    "Information (Art. 13): the notice in the candidate's browser, written from the exam's "
    "settings: `hallvakt exam notice`.",
    "Access (Art. 15): `hallvakt review export`, where a key is that may open.",
    "Erasure (Art. 17): `hallvakt attempt erase`, two people; keys first, then ciphertext.",
    "Restriction, legal claims (Art. 17(3), 18): `hallvakt exam hold` keeps everything until it is "
    "released.",
    "Objection (Art. 21): refusing the notice; a person watches the seat instead.",
)

COMPLAINT = (
    "The candidate turns to an invigilator; the lead invigilator can dismiss or undo while the "
    "exam is live.",
    "After the exam: the school. A reviewer opens the passage with the reviewer's key and looks; "
    "the box itself decides nothing.",
    "The data protection officer shows from the audit log who looked at what: "
    "`hallvakt audit show --attempt PSEUDONYM`.",
    "The data protection authority (in Sweden IMY). The notice that each candidate reads names "
    "this way.",
)
