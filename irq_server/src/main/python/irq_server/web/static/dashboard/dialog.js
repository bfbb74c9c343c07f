// Setting an affinity: shows what is, writes, follows until the kernel has carried it out, undoes.

import { parse } from "./cpulist.js";
import { titleOf } from "./table.js";

const PENDING_MILLISECONDS = 1000;

export class AffinityDialog {
  // `root` is the <dialog>; `done({irq, from, to})` hears of each change that was written.
  constructor(root, api, done) {
    this.root = root;
    this.api = api;
    this.done = done;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    root.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#set(this.part("cpus").value);
    });
    this.part("undo").addEventListener("click", () => this.#set(this.before));
    this.part("close").addEventListener("click", () => root.close());
    root.addEventListener("close", () => clearTimeout(this.timer));
  }

  // Open for an IRQ: {irq, device}. `cpus` is what to propose; by default its affinity.
  async open(irq, cpus) {
    this.irq = irq;
    this.before = null;
    this.part("title").textContent = `Affinity of IRQ ${irq.irq}`;
    this.part("device").textContent = titleOf(irq) || "—";
    this.part("now").textContent = this.part("arrives").textContent = "…";
    this.part("before-row").hidden = this.part("undo").hidden = true;
    this.part("set").disabled = true;
    this.part("cpus").value = cpus ?? "";
    this.part("token").value = this.api.token;
    this.#say("");
    this.root.showModal();
    try {
      const answer = await this.#read();
      if (cpus === undefined) this.part("cpus").value = answer.affinity;
      this.part("set").disabled = !answer.writable;
      if (!answer.writable) this.#say("Managed by the kernel: its file is read-only.", "bad");
      this.part("cpus").select();
    } catch (error) {
      this.#say(error.message, "bad");
    }
  }

  async #read() {
    const answer = await this.api.get(`/irqs/${encodeURIComponent(this.irq.irq)}/affinity`);
    this.#show(answer);
    return answer;
  }

  #show({ affinity, effective_affinity: effective, pending }) {
    this.now = affinity;
    this.part("now").textContent = affinity ?? "—";
    this.part("arrives").textContent = `${effective ?? "—"}${pending ? " (pending)" : ""}`;
  }

  async #set(text) {
    const cpus = text.replace(/\s+/g, "");
    if (parse(cpus) === null) return this.#say("Expected a CPU list, such as 0-3,8.", "bad");
    const from = this.now;
    this.#say("Writing …");
    this.part("set").disabled = true;
    try {
      const answer = await this.api.setAffinity(this.irq.irq, cpus, this.part("token").value.trim());
      this.before = from;
      this.part("before").textContent = from;
      this.part("before-row").hidden = this.part("undo").hidden = false;
      this.#follow(answer);
      this.done({ irq: this.irq, from, to: answer.affinity });
    } catch (error) {
      this.#refused(error);
    }
    this.part("set").disabled = false;
    return undefined;
  }

  #follow(answer) {
    this.#show(answer);
    if (!answer.pending) return this.#say(`Done: the IRQ may go to CPU ${answer.affinity}.`, "good");
    this.#say(`Written. Pending: it arrives on CPU ${answer.effective_affinity} until it fires next.`, "good");
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      if (!this.root.open) return;
      try {
        this.#follow(await this.#read());
      } catch (error) {
        this.#say(error.message, "bad");
      }
    }, PENDING_MILLISECONDS);
    return undefined;
  }

  #refused(error) {
    const reasons = {
      401: this.part("token").value ? "The server does not know this token." : "Writing needs a token.",
      403: `Not allowed: ${error.message}.`,
      409: `Refused: ${error.message}.`,
    };
    this.#say(reasons[error.status] ?? `Not written: ${error.message}`, "bad");
    if (error.status === 401) this.part("token").focus();
  }

  #say(text, kind = "") {
    this.part("result").textContent = text;
    this.part("result").className = kind;
  }
}
