// The one place that sends requests.

const TIMEOUT_MILLISECONDS = 20000;

// The server answered, and refused.
export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// The server cannot be reached, or did not answer in time.
export class Unreachable extends Error {}

export class Api {
  #token = "";
  #asking = null;

  // `reached(bool)` hears how each request went. `askForToken(wasWrong)` returns a promise of one.
  constructor(reached, askForToken) {
    this.reached = reached;
    this.askForToken = askForToken;
    this.serverTime = null;
  }

  // The token lives in memory only.
  get token() {
    return this.#token;
  }

  // Return the JSON of a route. A server that wants a token gets one from the reader.
  async get(route, parameters = {}, signal) {
    for (;;) {
      const used = this.#token;
      try {
        return await this.#send(address(route, parameters), { signal }, used);
      } catch (error) {
        if (error.status !== 401) throw error;
        if (this.#token === used) await this.#newToken(used !== "");
      }
    }
  }

  // Ask once, however many requests wait for the answer.
  async #newToken(wasWrong) {
    this.#asking ??= this.askForToken(wasWrong).finally(() => (this.#asking = null));
    this.#token = await this.#asking;
  }

  // Write an affinity with a token, and keep the token if the server takes it.
  async setAffinity(irq, cpus, token) {
    const headers = { "Content-Type": "application/json" };
    const options = { method: "PUT", headers, body: JSON.stringify({ cpus }) };
    const answer = await this.#send(address(`/irqs/${encodeURIComponent(irq)}/affinity`), options, token);
    this.#token = token;
    return answer;
  }

  async #send(url, options, token) {
    const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const timeout = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    let response, body;
    try {
      response = await fetch(url, { ...options, headers, signal: options.signal ?? timeout });
      body = await response.json();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      this.reached(false);
      throw new Unreachable(String(error.message));
    }
    this.reached(true);
    this.serverTime = Date.parse(response.headers.get("Date")) / 1000 || null;
    if (!response.ok) throw new Refusal(response.status, body.detail ?? response.statusText);
    return body;
  }
}

function address(route, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  return `/api/v1${route}${query ? `?${query}` : ""}`;
}
