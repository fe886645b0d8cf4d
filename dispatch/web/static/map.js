/*
 * The map: Leaflet over tiles where an installer has named some, else over the district drawn from its own homes.
 *
 * Shapes and words tell what is what, colour only helps. Every alarm is a button: Tab reaches it, Enter opens it.
 */

const SIZE = 36;
const SMALL = 28;
const FALLBACK = [38.04, 114.5];
const HOMES_FROM = 15;
const GRID_DEGREES = 0.005;
const GRID_MAX = 60;

let loading = null;

/* Leaflet and gcoord are plain scripts of our own host; loaded when the first map is shown. */
function load(vendor) {
  loading ??= Promise.all(["leaflet.js", "gcoord.js"].map((name) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = vendor + name;
    script.addEventListener("load", done);
    script.addEventListener("error", failed);
    document.head.append(script);
  })));
  return loading;
}

export class DistrictMap {
  /** `opened(id)` is called when an alarm is chosen; without it the board is opened. */
  constructor(box, opened = null) {
    this.box = box;
    this.words = box.dataset;
    this.opened = opened ?? ((id) => { location.href = `/board?alarm=${encodeURIComponent(id)}`; });
    this.map = null;
    this.drawn = "";
  }

  async show() {
    await load(this.words.vendor);
    for (let part = this.box; part; part = part.parentElement) if (part.classList.contains("map-frame")) part.hidden = false;
    if (!this.map) this.make();
    this.map.invalidateSize();
    await this.refresh();
  }

  make() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(this.box, {
      attributionControl: false, zoomControl: false, preferCanvas: true, zoomAnimation: !still, fadeAnimation: !still,
      markerZoomAnimation: !still,
    }).setView(FALLBACK, 13);
    L.control.zoom({ zoomInTitle: this.words.in, zoomOutTitle: this.words.out }).addTo(this.map);
    if (this.words.attribution) L.control.attribution({ prefix: false }).addAttribution(escaped(this.words.attribution)).addTo(this.map);
    this.base = L.layerGroup().addTo(this.map);
    this.homes = L.layerGroup();
    this.marks = L.layerGroup().addTo(this.map);
    if (this.words.tiles) L.tileLayer(this.words.tiles, { maxZoom: 19 }).addTo(this.map);
    this.map.on("zoomend", () => this.zoomed());
  }

  async refresh() {
    if (!this.map) return;
    const answer = await fetch(this.words.source, { cache: "no-store" }).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const text = await answer.text();
    if (text === this.drawn) return;
    const isFirst = !this.drawn;
    this.drawn = text;
    this.draw(JSON.parse(text), isFirst);
  }

  draw(told, isFirst) {
    const focused = this.box.contains(document.activeElement) ? document.activeElement.dataset.mark : null;
    for (const layer of [this.base, this.homes, this.marks]) layer.clearLayers();
    const points = [...told.alarms, ...told.carers, ...told.stations, ...told.homes].map((each) => this.at(each));
    if (isFirst && points.length) this.map.fitBounds(L.latLngBounds(points).pad(0.1), { maxZoom: 16, animate: false });
    if (!this.words.tiles) this.drawBase(told.streets, points);
    for (const home of told.homes) this.drawHome(home);
    for (const each of told.stations) this.mark(each, "⌂", "station", `${this.words.station} ${each.name}`);
    for (const each of told.carers) this.mark(each, "✚", "carer", `${this.words.carer} ${each.name}`);
    for (const each of told.alarms) this.markAlarm(each);
    this.zoomed();
    if (focused) this.box.querySelector(`[data-mark="${CSS.escape(focused)}"]`)?.focus();
  }

  at({ lat, lng }) {
    if (this.words.datum !== "gcj02") return [lat, lng];
    const [east, north] = gcoord.transform([lng, lat], gcoord.WGS84, gcoord.GCJ02);
    return [north, east];
  }

  /* Streets as boxes around their homes, upon a plain grid: enough to see who is near. */
  drawBase(streets, points) {
    if (!streets.length) return;
    const line = getComputedStyle(this.box).getPropertyValue("--line").trim() || "#777";
    const corners = streets.flatMap((each) => [[each.south, each.west], [each.north, each.east]]);
    const all = L.latLngBounds([...corners, ...points]).pad(0.5);
    const steps = (from, to) => Array.from(
      { length: Math.min(GRID_MAX, Math.ceil((to - from) / GRID_DEGREES)) }, (_, index) => from + index * GRID_DEGREES);
    const grid = { color: line, weight: 1, opacity: 0.25, interactive: false };
    for (const lat of steps(all.getSouth(), all.getNorth())) L.polyline([[lat, all.getWest()], [lat, all.getEast()]], grid).addTo(this.base);
    for (const lng of steps(all.getWest(), all.getEast())) L.polyline([[all.getSouth(), lng], [all.getNorth(), lng]], grid).addTo(this.base);
    for (const each of streets) {
      const [a, b] = [this.at({ lat: each.south, lng: each.west }), this.at({ lat: each.north, lng: each.east })];
      const box = L.rectangle([a, b], { color: line, weight: 1.5, fillOpacity: 0.08, interactive: false }).addTo(this.base);
      box.bindTooltip(escaped(each.name), { permanent: true, direction: "top", offset: [0, -SIZE / 2], className: "street-name", interactive: false });
    }
  }

  drawHome(home) {
    const ink = getComputedStyle(this.box).getPropertyValue("--soft").trim() || "#555";
    L.circleMarker(this.at(home), { radius: 4, color: ink, weight: 1, fillOpacity: 0.4 })
      .bindTooltip(escaped(home.name)).addTo(this.homes);
  }

  markAlarm(each) {
    const name = `${each.words}, ${each.where}`;
    const kind = `s-${each.state}${each.state === "raised" || each.state === "offered" ? " waits" : ""}`;
    const marker = this.mark(each, each.shape, kind, name, each.id ?? name);
    if (each.id) marker.on("click keypress", (event) => {
      if (event.type === "click" || event.originalEvent.key === "Enter") this.opened(each.id);
    });
  }

  mark(each, shape, kind, name, key = name) {
    const isAlarm = kind.startsWith("s-");
    const size = isAlarm ? SIZE : SMALL;
    const icon = L.divIcon({ className: `pin ${kind}`, html: `<span aria-hidden="true">${escaped(shape)}</span>`, iconSize: [size, size] });
    const marker = L.marker(this.at(each), { icon, keyboard: isAlarm, interactive: true, zIndexOffset: isAlarm ? 1000 : 0, riseOnHover: true })
      .bindTooltip(escaped(name)).addTo(this.marks);
    const element = marker.getElement();
    element.dataset.mark = key;
    if (isAlarm) element.setAttribute("aria-label", name);
    else { element.setAttribute("role", "img"); element.setAttribute("aria-label", name); }
    return marker;
  }

  zoomed() {
    const near = this.map.getZoom() >= HOMES_FROM;
    if (near) this.homes.addTo(this.map);
    else this.homes.remove();
  }
}

/* Leaflet takes HTML: what people wrote goes in as text. */
function escaped(text) {
  const box = document.createElement("span");
  box.textContent = text;
  return box.innerHTML;
}
