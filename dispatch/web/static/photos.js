// Makes photos small before they are sent, and leaves in them when they were taken.
"use strict";
const SMALL_BYTES = 500_000, LONGEST_PX = 1280;

// The Exif block (APP1) of a JPEG, or nothing: segments of a marker and a length, from the third byte on.
async function exifOf(file) {
  const head = new DataView(await file.slice(0, 262144).arrayBuffer());
  for (let at = 2; at + 10 < head.byteLength && head.getUint8(at) === 0xff; at += 2 + head.getUint16(at + 2)) {
    if (head.getUint16(at) === 0xffe1 && head.getUint32(at + 4) === 0x45786966) return file.slice(at, at + 2 + head.getUint16(at + 2));
  }
  return new Blob();
}

async function smaller(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const made = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.7); });
  return new File([made.slice(0, 2), await exifOf(file), made.slice(2)], "photo.jpg", { type: "image/jpeg" });
}

const small = (file) => (file.size <= SMALL_BYTES ? file : smaller(file));

for (const input of document.querySelectorAll("input[type=file][name^=photo]")) {
  input.addEventListener("change", async () => {
    const files = [...input.files];
    if (files.every((file) => file.size <= SMALL_BYTES)) return;
    try {
      const chosen = new DataTransfer();
      for (const file of await Promise.all(files.map(small))) chosen.items.add(file);
      if (input.files[0] !== files[0]) return;
      input.files = chosen.files;
      input.dataset.small = "1";
    } catch (error) {
      console.warn("photo stays as it is", error);  // It is sent as it is, and the service says what it takes.
    }
  });
}
