/** The attempt as one line of time, in seconds from its first moment: pure, no page. */

const USUAL_S = 10;

/** `snippets` as the server lists them -> `{origin, length, pieces: [{sequence, from, length,
 * late}]}`. A late one has no time of its own: it stands after the one before it. */
export function trackOf(snippets, record) {
  const known = snippets.filter((s) => s.started_ms != null);
  const origin = Math.min(
    ...known.map((s) => s.started_ms),
    ...(known.length ? [] : [record.started_ms ?? 0]),
  );
  let end = 0;
  const pieces = snippets.map((snippet) => {
    const from = snippet.started_ms == null ? end : (snippet.started_ms - origin) / 1000;
    const length = snippet.duration_s || USUAL_S;
    end = Math.max(end, from + length);
    return { sequence: snippet.sequence, from, length, late: snippet.late };
  });
  return { origin, length: end, pieces };
}

/** `{index, at}`: the piece that holds second `second`, or the next one after it. */
export function placeOf(track, second) {
  const last = track.pieces.length - 1;
  for (const [index, piece] of track.pieces.entries()) {
    if (second < piece.from) return { index, at: 0 };
    if (second < piece.from + piece.length) return { index, at: second - piece.from };
  }
  return { index: last, at: Math.max(0, track.pieces[last].length - 0.1) };
}

/** Incidents with where they lie on the line, in order; `evidence` is what to look at first. */
export function marksOf(track, record) {
  const observations = record.observations ?? [];
  return (record.incidents ?? [])
    .filter((incident) => incident.kinds.length)
    .map((incident) => {
      const mine = observations.filter((o) => belongs(o, incident));
      const evidence = mine.flatMap((o) => o.evidence ?? [])[0];
      const from = (incident.opened_ms - track.origin) / 1000;
      const until = ((incident.last_ms ?? incident.opened_ms) - track.origin) / 1000;
      const piece = track.pieces.find((p) => p.sequence === evidence?.sequence);
      return {
        incident,
        from,
        length: Math.max(until - from, incident.duration_s ?? 0),
        // A moment before, so that it is seen to begin.
        look: piece ? Math.max(piece.from, piece.from + evidence.at_s - 1) : null,
      };
    })
    .sort((a, b) => a.from - b.from);
}

function belongs(observation, incident) {
  return (incident.observations ?? []).includes(observation.observation_id)
    || observation.incident_id === incident.incident_id
    || (observation.incident_id == null && !incident.observations);
}
