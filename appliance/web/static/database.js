// The page's own IndexedDB: `keys` (CryptoKeys that cannot be extracted), `facts` (small values),
// `snippets` (sealed, waiting to be sent) and `drafts` (sealed pieces of what is being recorded).

const NAME = "hallvakt";
const VERSION = 2;
export const KEYS = "keys";
export const FACTS = "facts";
export const SNIPPETS = "snippets";
export const DRAFTS = "drafts";

let opening = null;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = ({ oldVersion }) => {
      const made = request.result;
      if (oldVersion < 1) {
        made.createObjectStore(KEYS);
        made.createObjectStore(FACTS);
        made.createObjectStore(SNIPPETS, { keyPath: ["attempt", "sequence"] });
      }
      made.createObjectStore(DRAFTS, { keyPath: ["attempt", "startedMs", "part"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/** The result of one IndexedDB request, inside a transaction. */
export function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// WebKit takes the database away from a page that was out of sight, and says so only at its next use.
const LOST = new Set(["InvalidStateError", "UnknownError"]);

/**
 * Run `work(transaction)` and resolve with its result once the transaction is on disk; on a new
 * connection, a second time, where the old one was lost: what it does twice must be as if once.
 */
export async function transact(...how) {
  try {
    return await once(...how);
  } catch (error) {
    if (!LOST.has(error?.name)) throw error;
    opening?.then((database) => database.close()).catch(() => {});
    opening = null;
    return once(...how);
  }
}

/** `strict`: Chromium otherwise reports completion before the data left the system's cache. */
async function once(stores, mode, work, durability = "strict") {
  const database = await open();
  const transaction = database.transaction(stores, mode, { durability });
  const complete = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
  const [result] = await Promise.all([work(transaction), complete]);
  return result;
}

export function readFact(name) {
  return transact([FACTS], "readonly", (t) => asked(t.objectStore(FACTS).get(name)));
}

export function writeFact(name, value) {
  return transact([FACTS], "readwrite", (t) => asked(t.objectStore(FACTS).put(value, name)));
}

// Some browsers refuse to store CryptoKeys in a private window. The visit then works until the
// page is reloaded, which is better than not at all.
const onlyInMemory = new Map();

/** The key kept under `name`, made by `make()` the first time. */
export async function keyNamed(name, make) {
  const kept = await transact([KEYS], "readonly", (t) => asked(t.objectStore(KEYS).get(name)));
  if (kept) return kept;
  if (onlyInMemory.has(name)) return onlyInMemory.get(name);
  const made = await make();
  try {
    await transact([KEYS], "readwrite", (t) => asked(t.objectStore(KEYS).put(made, name)));
  } catch (error) {
    if (error?.name !== "DataCloneError") throw error;
    onlyInMemory.set(name, made);
  }
  return made;
}

/** Leave nothing behind on a computer that others use after this candidate. */
export async function forgetEverything() {
  onlyInMemory.clear();
  const all = [KEYS, FACTS, SNIPPETS, DRAFTS];
  await transact(all, "readwrite", (t) =>
    Promise.all(all.map((store) => asked(t.objectStore(store).clear()))),
  );
}
