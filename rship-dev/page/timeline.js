// The place in a recording.
import { html } from 'htm/preact';
import { lapse } from './format.js';
import { send } from './socket.js';
import { useStore } from './store.js';

const SPEEDS = [0.25, 0.5, 1, 2, 4, 16];

export function Timeline() {
  const { timeline } = useStore('timeline', 'welcome');
  if (!timeline) return null;
  const { from, to, at, playing, speed } = timeline;
  return html`<footer class="timeline" aria-label="Recording">
    <button type="button" class="primary" onClick=${() => send(playing ? { t: 'pause' } : { t: 'play', speed })}>${playing ? 'Pause' : 'Play'}</button>
    <output>${lapse(at - from)}</output>
    <input type="range" aria-label="Time" aria-valuetext=${lapse(at - from)} min=${from} max=${to} step="10" value=${at}
      onInput=${(event) => send({ t: 'seek', at: Number(event.target.value) })} />
    <span class="dim">${lapse(to - from)}</span>
    <select aria-label="Speed" value=${speed} onChange=${(event) => send({ t: 'play', speed: Number(event.target.value) })}>
      ${SPEEDS.map((one) => html`<option value=${one}>${one}×</option>`)}
    </select>
  </footer>`;
}
