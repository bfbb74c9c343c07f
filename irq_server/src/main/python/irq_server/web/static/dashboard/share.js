// A picture and a table for a ticket.

const MARGIN = 12, LINE_HEIGHT = 20;

// Return a canvas with lines of text above canvases, on the theme's paper.
export function compose(texts, canvases, theme, ratio) {
  const width = Math.max(...canvases.map((each) => each.width));
  const wrapped = wrap(texts, width / ratio - 2 * MARGIN, theme.font);
  const head = MARGIN + wrapped.length * LINE_HEIGHT + MARGIN;
  const sheet = document.createElement("canvas");
  sheet.width = width + 2 * MARGIN * ratio;
  sheet.height = canvases.reduce((sum, each) => sum + each.height, (head + MARGIN) * ratio);
  const g = sheet.getContext("2d");
  g.fillStyle = theme.card;
  g.fillRect(0, 0, sheet.width, sheet.height);
  g.fillStyle = theme.ink;
  g.font = `${14 * ratio}px ${theme.font}`;
  wrapped.forEach((text, i) => g.fillText(text, MARGIN * ratio, (MARGIN + (i + 0.8) * LINE_HEIGHT) * ratio));
  let y = head * ratio;
  for (const canvas of canvases) {
    g.drawImage(canvas, MARGIN * ratio, y);
    y += canvas.height;
  }
  return sheet;
}

function wrap(texts, width, font) {
  const g = document.createElement("canvas").getContext("2d");
  g.font = `14px ${font}`;
  return texts.flatMap((text) => {
    const lines = [""];
    for (const word of text.split(" ")) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
      if (g.measureText(longer).width <= width || !lines.at(-1)) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  });
}

// Save a canvas as a PNG file.
export async function save(canvas, name) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// Copy a text. Without TLS beyond loopback a browser has no clipboard for pages: then by a selection.
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "offscreen" });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  return undefined;
}
