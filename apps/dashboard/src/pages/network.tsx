import type { NetworkNode, NetworkStatus } from '@basalt/telemetry';
import { type Signal, useSignal, useSignalEffect } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { usePage } from '../context.ts';
import { formatAmount, formatCount, formatSeconds, shorten } from '../format.ts';
import { LINKS_DRAWN_MAX, LISTED_NODES_MAX } from '../limits.ts';
import { type MapColours, NODE_STATES } from '../map/drawing.ts';
import { MapView } from '../map/map-view.ts';
import { readColours } from '../parts/colours.ts';
import { Empty, Fact, Section, Stale } from '../parts/section.tsx';
import { startPoll } from '../state/polled.ts';

const ASK_EVERY_MS = 5_000;

/** The nodes that this one knows, as a map and as a list. */
export function Network(): VNode {
  const poll = useMemo(() => startPoll<NetworkStatus>('/status/network', ASK_EVERY_MS), []);
  useEffect(() => () => poll.close(), []);
  const selected = useSignal(-1);
  const { value, last } = poll.now.value;
  if (value === undefined) {
    return (
      <Empty>
        {last === 'asking'
          ? 'Asking for the network …'
          : last === 'missing'
            ? 'This node does not tell its network: it has no /status/network.'
            : 'The network cannot be read; trying again.'}
      </Empty>
    );
  }
  return (
    <div class="network">
      <Stale last={last} />
      <Section title="Map" note={summary(value)} class="map-card">
        <NetworkMap network={value} selected={selected} />
        <Chosen network={value} at={selected.value} />
      </Section>
      <NodeList network={value} selected={selected} />
    </div>
  );
}

function summary({ nodes, links }: NetworkStatus): string {
  const drawn =
    links.length > LINKS_DRAWN_MAX ? `, the first ${formatCount(LINKS_DRAWN_MAX)} drawn` : '';
  return `${formatAmount(nodes.length, 'node')}, ${formatAmount(links.length, 'link')}${drawn}`;
}

interface PartProps {
  readonly network: NetworkStatus;
  /** Position in the list of nodes; -1: none. */
  readonly selected: Signal<number>;
}

function NetworkMap({ network, selected }: PartProps): VNode {
  const { theme } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<MapView>(undefined);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const map = new MapView(element, coloursOf(element));
    view.current = map;
    const watching = new ResizeObserver(() =>
      map.resize(element.clientWidth, element.clientHeight, devicePixelRatio),
    );
    watching.observe(element);
    const stopPointer = followPointer(element, map, selected);
    return () => {
      watching.disconnect();
      stopPointer();
      map.close();
    };
  }, []);
  useEffect(() => view.current?.show(network), [network]);
  useSignalEffect(() => {
    void theme.version.value;
    if (canvas.current !== null) view.current?.paint(coloursOf(canvas.current));
  });
  useSignalEffect(() => {
    view.current?.choose(selected.value);
    if (selected.value >= 0) view.current?.reveal(selected.value);
  });
  const label =
    `Map of ${summary(network)}. Arrow keys go from node to node, plus and minus zoom, ` +
    '0 shows all. The list beside it has the same nodes.';
  return (
    <div class="map-box">
      <canvas
        ref={canvas}
        class="map"
        tabIndex={0}
        role="application"
        aria-label={label}
        aria-describedby="chosen-node"
        onKeyDown={(event) => onKey(event, view.current, selected)}
      />
      <div class="map-buttons">
        <button type="button" aria-label="Zoom in" onClick={() => view.current?.zoomBy(1.5)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => view.current?.zoomBy(1 / 1.5)}>
          −
        </button>
        <button type="button" onClick={() => view.current?.reset()}>
          All
        </button>
      </div>
    </div>
  );
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function onKey(event: KeyboardEvent, view: MapView | undefined, selected: Signal<number>): void {
  if (view === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (arrow !== undefined) selected.value = view.neighbour(selected.value, arrow[0], arrow[1]);
  else if (event.key === '+' || event.key === '=') view.zoomBy(1.5);
  else if (event.key === '-') view.zoomBy(1 / 1.5);
  else if (event.key === '0') view.reset();
  else if (event.key === 'Escape') selected.value = -1;
  else return;
  event.preventDefault();
}

/** A pointer that moves shows nodes; one that is held moves the map. */
function followPointer(
  element: HTMLCanvasElement,
  map: MapView,
  selected: Signal<number>,
): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let held: { readonly x: number; readonly y: number } | undefined;
  element.addEventListener(
    'pointerdown',
    (event) => {
      held = { x: event.clientX, y: event.clientY };
      if (event.isTrusted) element.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  element.addEventListener(
    'pointermove',
    (event) => {
      if (held !== undefined) {
        map.panBy(event.clientX - held.x, event.clientY - held.y);
        held = { x: event.clientX, y: event.clientY };
        return;
      }
      const box = element.getBoundingClientRect();
      const at = map.nodeAt(event.clientX - box.left, event.clientY - box.top);
      if (at >= 0) selected.value = at;
    },
    { signal },
  );
  const release = (): void => {
    held = undefined;
  };
  element.addEventListener('pointerup', release, { signal });
  element.addEventListener('pointercancel', release, { signal });
  element.addEventListener(
    'wheel',
    (event) => {
      // Without the key the page scrolls, as everywhere.
      if (!event.ctrlKey) return;
      event.preventDefault();
      map.zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2);
    },
    { signal, passive: false },
  );
  return () => controller.abort();
}

const STATE_COLOURS = ['map-good', 'wait', 'ink-3', 'bad'] as const;

function coloursOf(element: HTMLElement): MapColours {
  const names = [...STATE_COLOURS, 'map-line', 'accent', 'ink', 'ink-2', 'surface'] as const;
  const colours = readColours(element.parentElement ?? element, names);
  return {
    states: {
      good: colours['map-good'],
      slow: colours.wait,
      away: colours['ink-3'],
      lying: colours.bad,
    },
    line: colours['map-line'],
    ring: colours.accent,
    ink: colours.ink,
    words: colours['ink-2'],
    ground: colours.surface,
  };
}

/** What is known about the node under the pointer or the keyboard. */
function Chosen({ network, at }: { readonly network: NetworkStatus; readonly at: number }): VNode {
  const node = network.nodes[at];
  return (
    <div id="chosen-node" class="chosen" role="status">
      {node === undefined ? (
        <p class="muted">
          Point at a node, or walk with the arrow keys, to see what is known of it.
        </p>
      ) : (
        <dl class="facts">
          <Fact name={node.id === network.self ? 'This node' : 'Node'} title={node.id}>
            <span class="mono">{shorten(node.id)}</span>
          </Fact>
          <Fact name="State" title={node.problem}>
            <NodeState state={node.state} />
          </Fact>
          <Fact name="Round trip">{formatSeconds(node.rttSeconds)}</Fact>
          <Fact name="Roles">{node.roles.length === 0 ? '–' : node.roles.join(', ')}</Fact>
          <Fact name="Group">{node.group === '' ? '–' : node.group}</Fact>
          <Fact name="Address">
            <span class="break">{node.url === '' ? '–' : node.url}</span>
          </Fact>
        </dl>
      )}
    </div>
  );
}

const STATE_WORDS: Readonly<Record<NetworkNode['state'], string>> = {
  good: 'good',
  slow: 'slow',
  away: 'away',
  lying: 'lied',
};

function NodeState({ state }: { readonly state: NetworkNode['state'] }): VNode {
  return <span class={`node-state node-${state}`}>{STATE_WORDS[state] ?? state}</span>;
}

function NodeList({ network, selected }: PartProps): VNode {
  const words = useSignal('');
  const { nodes } = network;
  const wanted = words.value.trim().toLowerCase();
  const found = useMemo(() => findNodes(nodes, wanted), [nodes, wanted]);
  const shown = found.slice(0, LISTED_NODES_MAX);
  return (
    <Section title="Nodes" class="node-list">
      <p class="tally">
        {NODE_STATES.map((state) => (
          <span key={state} class={`node-state node-${state}`}>
            {formatCount(nodes.filter((node) => node.state === state).length)} {STATE_WORDS[state]}
          </span>
        ))}
      </p>
      <label class="field">
        <span class="visually-hidden">Find nodes by name, address, role, group or state</span>
        <input
          type="search"
          placeholder="Name, address, role, group, state"
          value={words.value}
          onInput={(event) => {
            words.value = event.currentTarget.value;
          }}
        />
      </label>
      <ul class="nodes">
        {shown.map((at) => {
          const node = nodes[at];
          if (node === undefined) return null;
          const choose = (): void => {
            selected.value = at;
          };
          return (
            <li key={node.id}>
              <button
                type="button"
                aria-pressed={selected.value === at}
                onClick={choose}
                onFocus={choose}
              >
                <span class="mono">{shorten(node.id)}</span>
                <span class="muted">{node.id === network.self ? 'this node' : node.group}</span>
                <NodeState state={node.state} />
              </button>
            </li>
          );
        })}
      </ul>
      <p class="muted list-end" role="status">
        {listEnd(found.length, shown.length)}
      </p>
    </Section>
  );
}

function listEnd(found: number, shown: number): string {
  if (found === 0) return 'No node is like that.';
  if (found === shown) return formatAmount(found, 'node');
  return `${formatCount(shown)} of ${formatCount(found)}; write more to find others.`;
}

/** Positions of nodes that have all of the words; what needs a look comes first. */
function findNodes(nodes: readonly NetworkNode[], wanted: string): readonly number[] {
  const terms = wanted.split(/\s+/).filter((term) => term !== '');
  const found: number[] = [];
  nodes.forEach(({ id, url, roles, group, state }, at) => {
    const text = `${id} ${url} ${roles.join(' ')} ${group} ${STATE_WORDS[state]}`.toLowerCase();
    if (terms.every((term) => text.includes(term))) found.push(at);
  });
  const rank = (at: number): number => NODE_STATES.indexOf(nodes[at]?.state ?? 'good');
  return found.sort((a, b) => rank(b) - rank(a) || a - b);
}
