import { h, s } from './dom.ts';

/** What the page can say about a block. */
export type State = 'checking' | 'verified' | 'refused' | 'unavailable';

const PATHS: Readonly<Record<State | 'unchecked', string>> = {
  verified: 'M4.5 12.5 9.5 17.5 19.5 6.5',
  refused: 'M6 6 18 18M18 6 6 18',
  checking: 'M12 3.5a8.5 8.5 0 1 1-8.5 8.5',
  unavailable: 'M12 6v7M12 17.5v.5',
  unchecked: 'M7 12h10',
};

const WORDS: Readonly<Record<State, string>> = {
  verified: 'verified',
  refused: 'refused',
  checking: 'checking',
  unavailable: 'not checked',
};

/** A drawing for a state; words stand beside it, so it says nothing to a screen reader. */
export function mark(state: State | 'unchecked'): SVGElement {
  const path = s('path', { d: PATHS[state] });
  return s('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, path);
}

/** Drawing and word. */
export function stateMark(state: State): HTMLElement {
  return h('span', { class: `state ${state}` }, mark(state), h('span', {}, WORDS[state]));
}
