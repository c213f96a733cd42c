// Answers the box's live views: picture only, through the relay only, never stored.

import { received, relayWays, Silence } from "./live_watch.js";

const FRAMES_PER_SECOND = 15;
const MOST_BITS_PER_SECOND = 600_000;
const LOOK_EVERY_BEATS = 10;
// How long the relay may take to answer over UDP before the next way is tried, in beats of 100 ms,
// which a busy computer makes longer. A way that was blocked the last time probably still is.
const PATIENT_BEATS = 10;
const BLOCKED_BEATS = 2;

class View {
  #id;
  #channel;
  #picture;
  #early = []; // ice candidates that came before the answer went out
  #gathered = []; // ours, until then
  #peer = null;
  #described = false;
  #closed = false;
  #silence = new Silence();
  #beats = 0;
  #waiting = null; // for the relay's answer: `{beats, done}`

  /** `picture` is the promise of a track. */
  constructor(id, channel, picture) {
    this.#id = id;
    this.#channel = channel;
    this.#picture = picture;
  }

  /** To be called with every beat. A browser may call a dead relay `connected` for half a minute:
   * what comes in tells sooner. */
  async beat(ended) {
    if (this.#closed) return;
    this.#beats += 1;
    if (this.#waiting !== null && this.#waiting.beats-- <= 0) this.#waiting.done(false);
    if (!this.#described || this.#beats % LOOK_EVERY_BEATS !== 0) return;
    const failed = this.#peer.connectionState === "failed";
    const heard = received(await this.#peer.getStats());
    const silent = this.#silence.tell(heard, performance.now());
    if ((failed || silent) && !this.#closed) ended();
  }

  /** Answer over the best way that there is. Resolves with whether that is the first, UDP. */
  async answer(sdp, iceServers, patience) {
    const ways = relayWays(iceServers);
    for (const [number, servers] of ways.entries()) {
      if (this.#closed) return false;
      const peer = this.#open(servers);
      await peer.setRemoteDescription({ type: "offer", sdp });
      const sender = peer.addTrack(await this.#picture);
      const relayed = this.#relayed(patience);
      await peer.setLocalDescription(await peer.createAnswer());
      const last = number === ways.length - 1;
      if (last || (await relayed)) {
        if (!this.#closed) await this.#send(peer, sender);
        return number === 0;
      }
      peer.close();
    }
    return false;
  }

  #open(iceServers) {
    // `relay`: this computer's own addresses are neither used nor told.
    const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
    this.#peer = peer;
    this.#gathered = [];
    peer.onicecandidate = ({ candidate }) => {
      if (peer !== this.#peer) return;
      this.#waiting?.done(Boolean(candidate?.candidate)); // null or empty: there are no more
      if (this.#described) this.#tell(candidate);
      else this.#gathered.push(candidate);
    };
    return peer;
  }

  /** Resolves when the relay has answered or everything was asked, or patience is over. */
  #relayed(beats) {
    return new Promise((resolve) => {
      const done = (answered) => {
        this.#waiting = null;
        resolve(answered);
      };
      this.#waiting = { beats, done };
    });
  }

  async #send(peer, sender) {
    this.#channel.send({ kind: "live_answer", view: this.#id, sdp: peer.localDescription.sdp });
    this.#described = true;
    for (const candidate of this.#gathered.splice(0)) this.#tell(candidate);
    for (const candidate of this.#early.splice(0)) await this.add(candidate);
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) encoding.maxBitrate = MOST_BITS_PER_SECOND;
    await sender.setParameters(parameters).catch(() => {}); // the view works without the bound
  }

  #tell(candidate) {
    this.#channel.send({
      kind: "live_ice_candidate",
      view: this.#id,
      candidate: candidate ? candidate.toJSON() : null,
    });
  }

  async add(candidate) {
    if (!this.#described) this.#early.push(candidate);
    else await this.#peer.addIceCandidate(candidate ?? undefined).catch(() => {});
  }

  close() {
    this.#closed = true;
    this.#waiting?.done(false);
    this.#peer?.close();
    this.#picture.then((track) => track.stop());
  }
}

/** Can this browser send a live picture at all? */
export const canShowLive = () => "RTCPeerConnection" in globalThis && Boolean(RTCPeerConnection);

export class LiveViews {
  #channel;
  #camera;
  #views = new Map();
  #allowed = () => false;
  #patience = PATIENT_BEATS;

  /** `allowed()` says whether a picture may be sent now. */
  constructor(channel, camera, beat, allowed) {
    this.#channel = channel;
    this.#camera = camera;
    this.#allowed = allowed;
    beat.addEventListener("beat", () => {
      for (const [id, view] of this.#views) view.beat(() => this.#failed(id));
    });
    channel.addEventListener("live_offer", ({ detail }) => this.#offered(detail));
    channel.addEventListener("live_ice_candidate", ({ detail }) =>
      this.#views.get(detail.view)?.add(detail.candidate),
    );
    channel.addEventListener("live_end", ({ detail }) => this.#end(detail.view));
    // The box ends its views when the line breaks; so does the page.
    channel.addEventListener("down", () => this.endAll());
  }

  get open() {
    return this.#views.size;
  }

  async #offered({ view: id, sdp, ice_servers: iceServers }) {
    this.#end(id);
    if (!this.#allowed() || !this.#camera.on) return;
    if (!canShowLive()) {
      this.#failed(id);
      return;
    }
    const view = new View(id, this.#channel, this.#camera.copy(FRAMES_PER_SECOND));
    this.#views.set(id, view);
    try {
      const udp = await view.answer(sdp, iceServers ?? [], this.#patience);
      if (this.#views.get(id) !== view) return; // it was ended meanwhile
      this.#patience = udp ? PATIENT_BEATS : BLOCKED_BEATS;
    } catch (error) {
      if (this.#views.get(id) !== view) return;
      console.warn("live view", error);
      this.#failed(id);
    }
  }

  #failed(id) {
    this.#end(id);
    this.#channel.send({ kind: "live_failed", view: id });
  }

  #end(id) {
    this.#views.get(id)?.close();
    this.#views.delete(id);
  }

  endAll() {
    for (const id of [...this.#views.keys()]) this.#end(id);
  }
}
