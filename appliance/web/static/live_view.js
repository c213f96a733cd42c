// Answers the box's live views: picture only, through the relay only, never stored.

import { received, Silence } from "./live_watch.js";
import { relayWays, Ways } from "./live_ways.js";

const FRAMES_PER_SECOND = 15;
const MOST_BITS_PER_SECOND = 600_000;
const LOOK_EVERY_BEATS = 10;

class View {
  #id;
  #channel;
  #picture;
  #early = []; // ice candidates that came before the answer went out
  #gathered = new Map(); // ours by peer, until then
  #ways = null;
  #peer = null; // the one whose answer went out
  #closed = false;
  #silence = new Silence();
  #beats = 0;

  /** `picture` is the promise of a track. */
  constructor(id, channel, picture) {
    this.#id = id;
    this.#channel = channel;
    this.#picture = picture;
  }

  /** To be called with every beat. A browser may call a dead relay `connected` for half a minute:
   * what comes in tells sooner. */
  async beat(ended) {
    this.#ways?.beat();
    this.#beats += 1;
    if (this.#peer === null || this.#beats % LOOK_EVERY_BEATS !== 0) return;
    const failed = this.#peer.connectionState === "failed";
    const heard = received(await this.#peer.getStats());
    const silent = this.#silence.tell(heard, performance.now());
    if ((failed || silent) && !this.#closed) ended();
  }

  /** Answer over the best way that there is, and resolve with its number; rejects when there is
   * none. `worked`: that number of the last time. */
  async answer(sdp, iceServers, worked) {
    this.#ways = new Ways(relayWays(iceServers), worked, (servers, answered) =>
      this.#ask(servers, answered, sdp),
    );
    const chosen = await this.#ways.chosen;
    this.#ways = null;
    if (this.#closed) return worked;
    if (chosen === null) throw new Error("no way to the relay");
    await this.#send(chosen.peer);
    return chosen.number;
  }

  #ask(iceServers, answered, sdp) {
    // `relay`: this computer's own addresses are neither used nor told.
    const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
    const gathered = [];
    this.#gathered.set(peer, gathered);
    peer.onicecandidate = ({ candidate }) => {
      if (peer === this.#peer) this.#tell(candidate);
      else gathered.push(candidate);
      answered(Boolean(candidate?.candidate)); // null or empty: there are no more
    };
    this.#describe(peer, sdp).catch((error) => {
      if (peer.connectionState !== "closed") console.warn("live view", error);
      answered(false);
    });
    return peer;
  }

  async #describe(peer, sdp) {
    await peer.setRemoteDescription({ type: "offer", sdp });
    peer.addTrack(await this.#picture);
    await peer.setLocalDescription(await peer.createAnswer());
  }

  async #send(peer) {
    this.#channel.send({ kind: "live_answer", view: this.#id, sdp: peer.localDescription.sdp });
    this.#peer = peer;
    for (const candidate of this.#gathered.get(peer)) this.#tell(candidate);
    for (const candidate of this.#early.splice(0)) await this.add(candidate);
    const [sender] = peer.getSenders();
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
    if (this.#peer === null) this.#early.push(candidate);
    else await this.#peer.addIceCandidate(candidate ?? undefined).catch(() => {});
  }

  close() {
    this.#closed = true;
    this.#ways?.close();
    this.#peer?.close();
    this.#peer = null;
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
  #worked = 0; // the number of the way to the relay that the last view took

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
      this.#worked = await view.answer(sdp, iceServers ?? [], this.#worked);
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
