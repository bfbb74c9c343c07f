// Mouse, touch, wheel and keys on the map -> what the reader wants. No state of the page here.
//
// Mouse: drag selects, Shift-drag or a drag of the time axis pans, Ctrl-wheel zooms, Shift-wheel
// pans. Touch: one finger pans, two zoom, a long press selects. Keys: see home.html.

const CLICK_REACH = 5;
const PRESS_MILLISECONDS = 450;
const WHEEL_ZOOM = 1.15;

// `wants` has hover(x, y), leave(), click(x, y), select(fromX, toX, isDone), pan(pixels),
// zoom(factor, x) and key(name, isShifted), which returns whether it knew the key.
export function listen(element, wants) {
  const pointers = new Map();
  let drag = null, press = 0;
  const place = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    element.setPointerCapture(event.pointerId);
    const isTouch = event.pointerType === "touch";
    drag = { from: at, last: at, moves: false, pans: isTouch || event.shiftKey || wants.isOnAxis(at.y) };
    if (isTouch) press = setTimeout(() => drag && !drag.moves && (drag.pans = false), PRESS_MILLISECONDS);
  });

  element.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (pointers.size === 2 && pointers.has(event.pointerId)) return pinch(event.pointerId, at);
    if (!drag) return wants.hover(at.x, at.y);
    if (Math.abs(at.x - drag.from.x) >= CLICK_REACH) drag.moves = true;
    if (!drag.moves) return undefined;
    if (drag.pans) wants.pan(drag.last.x - at.x);
    else wants.select(drag.from.x, at.x, false);
    drag.last = at;
    return undefined;
  });

  function pinch(id, at) {
    const [other] = [...pointers].find(([each]) => each !== id).slice(1);
    const before = Math.abs(pointers.get(id).x - other.x), after = Math.abs(at.x - other.x);
    if (before > 10 && after > 10) wants.zoom(before / after, (at.x + other.x) / 2);
    pointers.set(id, at);
    drag = null;
  }

  element.addEventListener("pointerup", (event) => {
    clearTimeout(press);
    const at = place(event);
    if (drag && pointers.size === 1) {
      if (!drag.moves) {
        wants.click(at.x, at.y);
        if (event.pointerType === "touch") wants.hover(at.x, at.y); // a finger cannot hover
      }
      if (drag.moves && !drag.pans) wants.select(drag.from.x, at.x, true);
    }
    pointers.delete(event.pointerId);
    drag = null;
  });

  element.addEventListener("pointercancel", (event) => {
    clearTimeout(press);
    pointers.delete(event.pointerId);
    drag = null;
  });

  element.addEventListener("pointerleave", (event) => {
    if (!drag && event.pointerType !== "touch") wants.leave();
  });

  element.addEventListener("wheel", (event) => {
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey && !isSideways) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) wants.zoom(event.deltaY > 0 ? WHEEL_ZOOM : 1 / WHEEL_ZOOM, place(event).x);
    else wants.pan(event.deltaX || event.deltaY);
  }, { passive: false });

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (wants.key(event.key, event.shiftKey)) event.preventDefault();
  });
}
