"""The sentences of the candidate's notice, in English; `appliance/languages` has the others.

Written for a pupil of sixteen: short, plain, and nothing that the settings do not do.
"""

from __future__ import annotations

from collections.abc import Mapping

from appliance.core.processing import Category
from appliance.core.settings import SyncScope

TITLE = "What happens with your picture and sound: {title}"

SHORT_HEADING = "In short"
SHORT = (
    "This exam is supervised with the help of a box in the exam hall. It does what this page "
    "says and nothing else. The page is written from the exam's own settings.",
    "You are told this so that you know. It is not a question of consent: the school answers for "
    "having the right to do it. You confirm that you have read it.",
)
LEGAL_BASIS = "The school's legal basis: {basis}."
NO_LEGAL_BASIS = "Ask an invigilator for the school's legal basis."
DPIA = "The school has assessed the risks for you beforehand: {reference}."

DATA_HEADING = "What is processed, and why"
DATA: Mapping[Category, str] = {
    Category.LIVE_PICTURE: (
        "Live picture. An invigilator can look through your camera for a while, without sound, "
        "as if walking past. It is not saved."
    ),
    Category.SNIPPET: (
        "Video. Your camera is recorded in pieces of {snippet_seconds} seconds, so that what "
        "happened can be looked at again."
    ),
    Category.THUMBNAIL: (
        "Still pictures. One picture of each piece of video shows the invigilator your seat."
    ),
    Category.PORTRAIT: (
        "Photo. A photo of your face is taken at check-in, so that a person can see that the "
        "right candidate sits at your seat."
    ),
    Category.SOUND_PRESENCE: (
        "Sound. The recorded pieces have sound. The box notes whether there are voices or loud "
        "noise. It does not understand words and does not know whose voice it is."
    ),
    Category.PICTURE_QUALITY: (
        "Picture quality. The box notes when the camera is covered, dark or standing still."
    ),
    Category.FACE_COUNT: (
        "Number of faces. The box notes when nobody or more than one person is in view."
    ),
    Category.HEAD_POSE: (
        "Direction of the head. The box notes when your head is turned far away for long, "
        "compared with how you usually sit."
    ),
    Category.DESCRIPTOR: (
        "Face comparison. The box calculates a row of numbers from your photo and from the "
        "video, and compares them, to see whether the same person sits at your seat."
    ),
    Category.HALL_SOUND: (
        "Sound of the hall. A microphone in the hall notes whether there are voices or noise. "
        "Its sound is not recorded."
    ),
}
SEEN_BY: Mapping[tuple[str, ...], str] = {
    ("invigilator", "lead_invigilator"): "Seen by: the invigilators of your hall, during the exam.",
    ("invigilator", "lead_invigilator", "reviewer"): (
        "Seen by: the invigilators of your hall, during the exam; afterwards only people whom the "
        "school has given the key for reviewing."
    ),
    (): "Seen by: nobody. Only the box uses it.",
}

BIOMETRIC_HEADING = "Biometric data"
BIOMETRIC = (
    "The row of numbers from your face is biometric data, which the law protects specially. It "
    "is compared with your own photo only, never with other people's and never searched in. It "
    "never leaves the box and is destroyed when the exam is closed.",
    "You can have your identity checked by a person instead. Tell an invigilator: the comparison "
    "is then switched off for you, and it is no disadvantage.",
)

NOT_DONE_HEADING = "What is not done"
NOT_DONE: Mapping[str, str] = {
    "live_view": "Nobody can look through your camera live.",
    "video_snippets": "No video and no sound are recorded.",
    "face_photo": "No photo of you is taken.",
    "audio_presence": "No sound is recorded, and nothing listens for voices or noise in it.",
    "track_misuse_metrics": (
        "No face is searched for, counted, measured or compared by a machine, and no biometric "
        "data is made."
    ),
    "hall_microphone": "There is no microphone of the box in the hall.",
}
NEVER = (
    "Your screen is not recorded.",
    "Nothing tries to find out feelings, mood, stress or attention, and your behaviour gets no "
    "score.",
)

FLAGS_HEADING = "What it means when the box notes something"
FLAGS = (
    "A note says that something can be worth a look, what it was, for how long and how clear. "
    "It is not an accusation. Most have a simple reason.",
    "A person looks and decides. The box never ends your exam and decides nothing about you.",
    "If your connection is lost, that is never held against you, and nothing you have recorded "
    "is lost. During breaks and after you have handed in, nothing is noted.",
    "You may object to a note: turn to an invigilator or to the school.",
)
FLAGS_SHOWN = (
    "After you have handed in, until the exam is closed, this page shows you what was noted about "
    "you, and you can leave a remark about it."
)
FLAGS_NOT_SHOWN = (
    "After you have handed in, until the exam is closed, you can leave a remark on this page."
)

KEPT_HEADING = "Where it is kept, and for how long"
NOTHING_KEPT = "Nothing is saved. The live picture is gone when it has been shown."
KEPT = (
    "Everything that is saved is encrypted. Your name is kept apart from it. After the exam "
    "not even the box can open it.",
    "All of it is deleted {days} days after the exam at the latest.",
)
KEPT_WHERE: Mapping[SyncScope, str] = {
    SyncScope.ALL: (
        "At night encrypted copies go to storage in the EU. Whoever runs that storage cannot "
        "read them."
    ),
    SyncScope.FLAGGED: (
        "At night encrypted copies of the notes, of the video around them and of the photo that "
        "belongs to it go to storage in the EU. Whoever runs that storage cannot read them. The "
        "rest stays on the box."
    ),
    SyncScope.NONE: "It stays on the box in the school.",
}

CHOICE_HEADING = "If you do not want this"
CHOICE = (
    "You can say no to this page. Then your camera stays off and a person watches your seat. It "
    "is no disadvantage. The same goes if your camera does not work.",
)

RIGHTS_HEADING = "Your rights"
RIGHTS = (
    "You have the right to see what is kept about you, to have errors corrected, to object, and "
    "to ask for deletion or for a restriction. Turn to the school or its data protection officer.",
    "You may complain to the data protection authority (in Sweden: IMY).",
)


def texts() -> tuple[str, ...]:
    """Every text of this module that a language must know."""
    first = (TITLE, SHORT_HEADING, DATA_HEADING, BIOMETRIC_HEADING, NOT_DONE_HEADING)
    headings = (*first, FLAGS_HEADING, KEPT_HEADING, CHOICE_HEADING, RIGHTS_HEADING)
    single = (LEGAL_BASIS, NO_LEGAL_BASIS, DPIA, NOTHING_KEPT, FLAGS_SHOWN, FLAGS_NOT_SHOWN)
    lists = (*SHORT, *BIOMETRIC, *NEVER, *FLAGS, *KEPT, *CHOICE, *RIGHTS)
    tables = (*DATA.values(), *SEEN_BY.values(), *NOT_DONE.values(), *KEPT_WHERE.values())
    return (*headings, *single, *lists, *tables)
