"""Swedish."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "nobody in view": "ingen i bild",
    "more than one person in view": "mer än en person i bild",
    "the face does not look like the photo": "ansiktet liknar inte fotot",
    "head turned away": "huvudet bortvänt",
    "camera covered or dark": "kameran täckt eller mörk",
    "the picture stands still": "bilden står stilla",
    "voices nearby": "röster i närheten",
    "loud noise": "högt ljud",
    "weak": "svag",
    "clear": "tydlig",
    "strong": "stark",
    "a short or faint signal: often nothing": "en kort eller svag signal: ofta ingenting",
    "a plain signal for some time": "en tydlig signal en stund",
    "a plain signal for a long time": "en tydlig signal länge",
    "confirmed": "bekräftad",
    "dismissed": "avfärdad",
    "the surroundings": "omgivningen",
    "the candidate": "kandidaten",
    "the staff": "personalen",
    "the technology": "tekniken",
    "being prepared": "förbereds",
    "ready": "redo",
    "open for check-in": "öppen för incheckning",
    "live": "pågår",
    "closed": "stängd",
    "archived": "arkiverad",
    "deleted": "raderad",
    "not here yet": "inte här än",
    "checked in": "incheckad",
    "recording": "spelar in",
    "on break": "på rast",
    "handed in": "inlämnad",
    "ended": "avslutad",
    "not connected yet": "inte ansluten än",
    "connected": "ansluten",
    "connection lost: nothing the candidate is blamed for": (
        "anslutningen bruten: inget som kandidaten lastas för"
    ),
    "camera not tried yet": "kameran inte provad än",
    "camera working": "kameran fungerar",
    "no camera: watch the seat yourself": "ingen kamera: håll själv uppsikt över platsen",
    "notice refused: watch the seat yourself": (
        "informationen avböjd: håll själv uppsikt över platsen"
    ),
    "{faces} faces in view": "{faces} ansikten i bild",
    "head turned {degrees}° away": "huvudet vridet {degrees}° åt sidan",
    "head bent {down_degrees}° down": "huvudet böjt {down_degrees}° nedåt",
    "loud noise ({dbfs} dB of full scale)": "högt ljud ({dbfs} dB under full nivå)",
    "{seconds} s": "{seconds} s",
    "{minutes} min {seconds} s": "{minutes} min {seconds} s",
    "{hours} h {minutes} min": "{hours} h {minutes} min",
    "{what}, {duration}, {strength}": "{what}, {duration}, {strength}",
    "{what}, for {duration} so far, {strength}": "{what}, hittills {duration}, {strength}",
    "part of a hall event, counted against nobody": (
        "del av en salshändelse, räknas inte mot någon"
    ),
    "{first}; {second}": "{first}; {second}",
    "{what}: {decision}": "{what}: {decision}",
    "{what}: {decision} ({reason})": "{what}: {decision} ({reason})",
    "Hall {hall}: {what} at {seats} seats at once, counted against nobody": (
        "Sal {hall}: {what} vid {seats} platser samtidigt, räknas inte mot någon"
    ),
    "What happens with your picture and sound: {title}": (
        "Det här händer med din bild och ditt ljud: {title}"
    ),
    "In short": "I korthet",
    "What is processed, and why": "Vad som behandlas, och varför",
    "Biometric data": "Biometriska uppgifter",
    "What is not done": "Vad som inte görs",
    "What it means when the box notes something": "Vad det betyder när boxen noterar något",
    "Where it is kept, and for how long": "Var det sparas, och hur länge",
    "If you do not want this": "Om du inte vill",
    "Your rights": "Dina rättigheter",
    "The school's legal basis: {basis}.": "Skolans rättsliga grund: {basis}.",
    "Ask an invigilator for the school's legal basis.": (
        "Fråga en vakt om skolans rättsliga grund."
    ),
    "The school has assessed the risks for you beforehand: {reference}.": (
        "Skolan har på förhand bedömt riskerna för dig: {reference}."
    ),
    "Nothing is saved. The live picture is gone when it has been shown.": (
        "Ingenting sparas. Livebilden är borta när den har visats."
    ),
    (
        "This exam is supervised with the help of a box in the exam hall. It does "
        "what this page says and nothing else. The page is written from the exam's "
        "own settings."
    ): (
        "Det här provet övervakas med hjälp av en box i provsalen. Den gör det som "
        "står på den här sidan och inget annat. Sidan är skriven utifrån provets "
        "egna inställningar."
    ),
    (
        "You are told this so that you know. It is not a question of consent: the "
        "school answers for having the right to do it. You confirm that you have "
        "read it."
    ): (
        "Du får veta det här för att du ska känna till det. Det är inte fråga om "
        "samtycke: skolan ansvarar för att ha rätt att göra det. Du bekräftar att du "
        "har läst."
    ),
    (
        "The row of numbers from your face is biometric data, which the law protects "
        "specially. It is compared with your own photo only, never with other "
        "people's and never searched in."
    ): (
        "Talraden från ditt ansikte är en biometrisk uppgift, som lagen skyddar "
        "särskilt. Den jämförs bara med ditt eget foto, aldrig med andras, och ingen "
        "söker i den."
    ),
    (
        "You can have your identity checked by a person instead. Tell an "
        "invigilator: the comparison is then switched off for you, and it is no "
        "disadvantage."
    ): (
        "Du kan låta en person kontrollera vem du är i stället. Säg till en vakt: då "
        "stängs jämförelsen av för dig, och det är ingen nackdel för dig."
    ),
    "Your screen is not recorded.": "Din skärm spelas inte in.",
    (
        "Nothing tries to find out feelings, mood, stress or attention, and your "
        "behaviour gets no score."
    ): (
        "Ingenting försöker ta reda på känslor, humör, stress eller uppmärksamhet, "
        "och ditt beteende poängsätts inte."
    ),
    (
        "A note says that something can be worth a look, what it was, for how long "
        "and how clear. It is not an accusation. Most have a simple reason."
    ): (
        "En notering säger att något kan vara värt en titt, vad det var, hur länge "
        "och hur tydligt. Den är ingen anklagelse. De flesta har en enkel "
        "förklaring."
    ),
    ("A person looks and decides. The box never ends your exam and decides nothing about you."): (
        "En människa tittar och bestämmer. Boxen avslutar aldrig ditt prov och "
        "bestämmer ingenting om dig."
    ),
    (
        "If your connection is lost, that is never held against you, and nothing you "
        "have recorded is lost. During breaks and after you have handed in, nothing "
        "is noted."
    ): (
        "Om din anslutning bryts lastas du aldrig för det, och inget du har spelat "
        "in går förlorat. Under raster och efter att du har lämnat in noteras "
        "ingenting."
    ),
    "You may object to a note: turn to an invigilator or to the school.": (
        "Du får invända mot en notering: vänd dig till en vakt eller till skolan."
    ),
    (
        "After you have handed in, until the exam is closed, this page shows you what was noted "
        "about you, and you can leave a remark about it."
    ): (
        "När du har lämnat in, och tills provet stängs, visar den här sidan vad som noterades om "
        "dig, och du kan lämna en kommentar till det."
    ),
    ("After you have handed in, until the exam is closed, you can leave a remark on this page."): (
        "När du har lämnat in, och tills provet stängs, kan du lämna en kommentar på den här sidan."
    ),
    (
        "Everything that is saved is encrypted. Your name is kept apart from it. "
        "After the exam not even the box can open it."
    ): (
        "Allt som sparas är krypterat. Ditt namn förvaras skilt från det. Efter "
        "provet kan inte ens boxen öppna det."
    ),
    "All of it is deleted {days} days after the exam at the latest.": (
        "Allt raderas senast {days} dagar efter provet."
    ),
    (
        "You can say no to this page. Then your camera stays off and a person "
        "watches your seat. It is no disadvantage. The same goes if your camera does "
        "not work."
    ): (
        "Du kan säga nej till den här sidan. Då förblir din kamera av och en person "
        "håller uppsikt över din plats. Det är ingen nackdel för dig. Detsamma "
        "gäller om din kamera inte fungerar."
    ),
    (
        "You have the right to see what is kept about you, to have errors corrected, "
        "to object, and to ask for deletion or for a restriction. Turn to the school "
        "or its data protection officer."
    ): (
        "Du har rätt att få se vad som finns sparat om dig, att få fel rättade, att "
        "invända och att begära radering eller begränsning. Vänd dig till skolan "
        "eller dess dataskyddsombud."
    ),
    "You may complain to the data protection authority (in Sweden: IMY).": (
        "Du får klaga hos dataskyddsmyndigheten (i Sverige: IMY)."
    ),
    (
        "Live picture. An invigilator can look through your camera for a while, "
        "without sound, as if walking past. It is not saved."
    ): (
        "Livebild. En vakt kan titta genom din kamera en stund, utan ljud, som när "
        "någon går förbi. Den sparas inte."
    ),
    (
        "Video. Your camera is recorded in pieces of {snippet_seconds} seconds, so "
        "that what happened can be looked at again."
    ): (
        "Video. Din kamera spelas in i bitar på {snippet_seconds} sekunder, så att "
        "det som hände går att titta på igen."
    ),
    "Still pictures. One picture of each piece of video shows the invigilator your seat.": (
        "Stillbilder. En bild ur varje videobit visar vakten din plats."
    ),
    (
        "Photo. A photo of your face is taken at check-in, so that a person can see "
        "that the right candidate sits at your seat."
    ): (
        "Foto. Ett foto av ditt ansikte tas vid incheckningen, så att en person kan "
        "se att rätt kandidat sitter på din plats."
    ),
    (
        "Sound. The recorded pieces have sound. The box notes whether there are "
        "voices or loud noise. It does not understand words and does not know whose "
        "voice it is."
    ): (
        "Ljud. De inspelade bitarna har ljud. Boxen noterar om det hörs röster eller "
        "högt ljud. Den förstår inga ord och vet inte vems röst det är."
    ),
    "Picture quality. The box notes when the camera is covered, dark or standing still.": (
        "Bildkvalitet. Boxen noterar när kameran är täckt, mörk eller står stilla."
    ),
    "Number of faces. The box notes when nobody or more than one person is in view.": (
        "Antal ansikten. Boxen noterar när ingen eller mer än en person är i bild."
    ),
    (
        "Direction of the head. The box notes when your head is turned far away for "
        "long, compared with how you usually sit."
    ): (
        "Huvudets riktning. Boxen noterar när ditt huvud är vridet långt åt sidan "
        "länge, jämfört med hur du brukar sitta."
    ),
    (
        "Face comparison. The box calculates a row of numbers from your photo and "
        "from the video, and compares them, to see whether the same person sits at "
        "your seat."
    ): (
        "Ansiktsjämförelse. Boxen räknar fram en rad tal ur ditt foto och ur videon "
        "och jämför dem, för att se om samma person sitter på din plats."
    ),
    (
        "Sound of the hall. A microphone in the hall notes whether there are voices "
        "or noise. Its sound is not recorded."
    ): (
        "Ljud i salen. En mikrofon i salen noterar om det hörs röster eller oväsen. "
        "Dess ljud spelas inte in."
    ),
    "Seen by: the invigilators of your hall, during the exam.": (
        "Ses av: vakterna i din sal, under provet."
    ),
    (
        "Seen by: the invigilators of your hall, during the exam; afterwards only "
        "people whom the school has given the key for reviewing."
    ): (
        "Ses av: vakterna i din sal, under provet; efteråt bara personer som skolan "
        "har gett granskningsnyckeln."
    ),
    "Seen by: nobody. Only the box uses it.": "Ses av: ingen. Bara boxen använder det.",
    "Nobody can look through your camera live.": "Ingen kan titta genom din kamera live.",
    "No video and no sound are recorded.": "Ingen video och inget ljud spelas in.",
    "No photo of you is taken.": "Inget foto tas av dig.",
    "No sound is recorded, and nothing listens for voices or noise in it.": (
        "Inget ljud spelas in, och ingenting lyssnar efter röster eller oväsen i det."
    ),
    (
        "No face is searched for, counted, measured or compared by a machine, and no "
        "biometric data is made."
    ): (
        "Ingen maskin söker efter, räknar, mäter eller jämför ansikten, och inga "
        "biometriska uppgifter skapas."
    ),
    "There is no microphone of the box in the hall.": "Boxen har ingen mikrofon i salen.",
    (
        "At night encrypted copies go to storage in the EU. Whoever runs that "
        "storage cannot read them."
    ): (
        "På natten går krypterade kopior till lagring inom EU. Den som driver "
        "lagringen kan inte läsa dem."
    ),
    (
        "At night encrypted copies of the notes, of the video around them and of the "
        "photo that belongs to it go to storage in the EU. Whoever runs that storage "
        "cannot read them. The rest stays on the box."
    ): (
        "På natten går krypterade kopior av noteringarna, av videon runt dem och av "
        "det foto som hör till dem till lagring inom EU. Den som driver lagringen "
        "kan inte läsa dem. Resten stannar på boxen."
    ),
    "It stays on the box in the school.": "Allt stannar på boxen i skolan.",
}
