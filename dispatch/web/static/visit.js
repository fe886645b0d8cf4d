// Tells where the telephone is along with a press, if it knows within eight seconds; else the press goes without.
"use strict";
for (const form of document.querySelectorAll("form.sign")) {
  form.addEventListener("submit", (event) => {
    const press = event.submitter;
    if (form.dataset.asked || !navigator.geolocation || !press || press.value === "photo") return;
    event.preventDefault();
    form.dataset.asked = "1";
    const go = () => form.requestSubmit(press);
    navigator.geolocation.getCurrentPosition((found) => {
      form.elements.lat.value = found.coords.latitude;
      form.elements.lng.value = found.coords.longitude;
      form.elements.accuracy.value = Math.round(found.coords.accuracy);
      go();
    }, go, { enableHighAccuracy: true, timeout: 8000, maximumAge: 0 });
  });
}
