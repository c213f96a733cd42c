// Can this browser do what the page needs? A plain old script, readable to browsers that cannot even
// read the page's modules: it says in words what is missing and what to do, instead of nothing.
(function () {
  "use strict";
  var WORDS = {
    en: {
      title: "This browser cannot be used for the exam",
      secure: "The page was not opened over a secure connection. Open the address on the slip, which begins with https.",
      storage: "The browser stores nothing, so recordings would be lost if the network breaks. Leave private or guest mode, or allow site data for this page.",
      crypto: "The browser cannot encrypt, so recordings could not be kept safely here.",
      old: "The browser is too old for this page.",
      todo: "Use a current Firefox, Chrome, Edge, Chromium or Safari, or raise your hand: an invigilator helps you. It costs you nothing: you can sit the exam without this page too.",
    },
    sv: {
      title: "Den här webbläsaren kan inte användas för provet",
      secure: "Sidan öppnades inte över en säker anslutning. Öppna adressen på lappen, den börjar med https.",
      storage: "Webbläsaren sparar ingenting, så inspelningar skulle gå förlorade om nätet bryts. Lämna privat läge eller gästläge, eller tillåt webbplatsdata för sidan.",
      crypto: "Webbläsaren kan inte kryptera, så inspelningar kunde inte förvaras säkert här.",
      old: "Webbläsaren är för gammal för den här sidan.",
      todo: "Använd en aktuell Firefox, Chrome, Edge, Chromium eller Safari, eller räck upp handen: en provvakt hjälper dig. Det kostar dig ingenting: du kan skriva provet utan sidan också.",
    },
  };
  var STARTS_WITHIN_MS = 10000;

  function language() {
    var asked = navigator.languages || [navigator.language || "en"];
    for (var i = 0; i < asked.length; i += 1) {
      if (/^sv/i.test(asked[i])) return "sv";
      if (/^en/i.test(asked[i])) return "en";
    }
    return "en";
  }

  function missing() {
    if (!window.isSecureContext) return ["secure"];
    var found = [];
    var modern =
      window.WebSocket && window.fetch && window.Worker &&
      navigator.locks && window.AbortSignal && AbortSignal.timeout && window.structuredClone;
    if (!modern) found.push("old");
    if (!window.crypto || !crypto.subtle) found.push("crypto");
    if (!stores()) found.push("storage");
    return found;
  }

  function stores() {
    try {
      return Boolean(window.localStorage && window.indexedDB);
    } catch (error) {
      return false; // where site data is forbidden, even to look is
    }
  }

  function say(names) {
    var words = WORDS[language()];
    document.documentElement.lang = language();
    var sections = document.querySelectorAll("[data-step]");
    for (var i = 0; i < sections.length; i += 1) {
      sections[i].hidden = sections[i].getAttribute("data-step") !== "unsupported";
    }
    document.getElementById("language").hidden = true; // nothing answers it
    document.getElementById("unsupported-title").textContent = words.title;
    var list = document.getElementById("unsupported-list");
    list.textContent = "";
    for (var n = 0; n < names.length; n += 1) {
      var item = document.createElement("li");
      item.textContent = words[names[n]];
      list.appendChild(item);
    }
    document.getElementById("unsupported-do").textContent = words.todo;
    document.body.setAttribute("data-shown", "unsupported");
  }

  function tryStorage() {
    var request = indexedDB.open("hallvakt-try", 1);
    request.onerror = function () {
      say(["storage"]);
    };
    request.onsuccess = function () {
      request.result.close();
      indexedDB.deleteDatabase("hallvakt-try");
    };
  }

  var names = missing();
  window.hallvaktUnsupported = names.length > 0;
  if (names.length) say(names);
  else tryStorage();
  setTimeout(function () {
    if (!document.body.getAttribute("data-shown")) say(["old"]);
  }, STARTS_WITHIN_MS);
})();
