import type { VNode } from 'preact';
import { usePage } from './context.ts';
import type { Connection } from './state/status-feed.ts';
import type { Theme } from './theme.ts';

const WORDS: Readonly<Record<Connection['kind'], string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost',
  absent: 'no node',
  old: 'older node',
};

/** What stands at the right of the head: the line to the node, and the colours. */
export function HeadState(): VNode {
  const { feed, theme } = usePage();
  const { kind } = feed.connection.value;
  const isOff = kind === 'lost' || kind === 'absent';
  return (
    <>
      <p class={`live ${kind === 'live' ? 'on' : isOff ? 'off' : ''}`} role="status">
        {WORDS[kind]}
      </p>
      <label class="theme">
        <span class="visually-hidden">Colours</span>
        <select
          value={theme.chosen.value}
          onChange={(event) => theme.choose(event.currentTarget.value as Theme)}
        >
          <option value="system">Auto</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
      </label>
    </>
  );
}
