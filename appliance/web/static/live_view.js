// Answers the box's live views: picture only, through the relay only, never stored.

const FRAMES_PER_SECOND = 15;
const MOST_BITS_PER_SECOND = 600_000;
const LOOK_EVERY_MS = 1_000;
const SILENT_FOR_MS = 6_000; // the console reports on the picture every second

class View {
  #id;
  #channel;
  #picture;
  #early = []; // ice candidates that came before the offer was set
  #described = false;
  #watch;
  #received = 0;
  #heardAt = null;

  /** `picture` is the promise of a track. */
  constructor(id, channel, picture, iceServers, ended) {
    this.#id = id;
    this.#channel = channel;
    this.#picture = picture;
    // `relay`: this computer's own addresses are neither used nor told.
    this.peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
    this.peer.onicecandidate = ({ candidate }) =>
      channel.send({
        kind: "live_ice_candidate",
        view: id,
        candidate: candidate ? candidate.toJSON() : null,
      });
    // A browser may call a dead relay `connected` for half a minute: what comes in tells sooner.
    this.#watch = setInterval(async () => {
      if (await this.#isSilent()) ended();
    }, LOOK_EVERY_MS);
  }

  async #isSilent() {
    if (this.peer.connectionState === "failed") return true;
    let received = 0;
    for (const report of (await this.peer.getStats()).values()) {
      if (report.type === "candidate-pair") received += report.bytesReceived + report.responsesReceived;
    }
    if (received !== this.#received || this.#heardAt === null) {
      this.#received = received;
      this.#heardAt = Date.now();
    }
    return Date.now() - this.#heardAt > SILENT_FOR_MS;
  }

  async answer(sdp) {
    await this.peer.setRemoteDescription({ type: "offer", sdp });
    const sender = this.peer.addTrack(await this.#picture);
    await this.peer.setLocalDescription(await this.peer.createAnswer());
    this.#channel.send({
      kind: "live_answer",
      view: this.#id,
      sdp: this.peer.localDescription.sdp,
    });
    this.#described = true;
    for (const candidate of this.#early.splice(0)) await this.add(candidate);
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) encoding.maxBitrate = MOST_BITS_PER_SECOND;
    await sender.setParameters(parameters).catch(() => {}); // the view works without the bound
  }

  async add(candidate) {
    if (!this.#described) this.#early.push(candidate);
    else await this.peer.addIceCandidate(candidate ?? undefined).catch(() => {});
  }

  close() {
    clearInterval(this.#watch);
    this.peer.close();
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

  /** `allowed()` says whether a picture may be sent now. */
  constructor(channel, camera, allowed) {
    this.#channel = channel;
    this.#camera = camera;
    this.#allowed = allowed;
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
    const picture = this.#camera.copy(FRAMES_PER_SECOND);
    const view = new View(id, this.#channel, picture, iceServers ?? [], () => this.#failed(id));
    this.#views.set(id, view);
    try {
      await view.answer(sdp);
    } catch (error) {
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
