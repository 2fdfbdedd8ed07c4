import type { Examiner } from '@basalt/client';
import type { ReadonlySignal } from '@preact/signals';
import { createContext, type Context as PreactContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Alert } from './state/alert.ts';
import type { Poll } from './state/polled.ts';
import type { StatusFeed } from './state/status-feed.ts';
import type { ThemeSwitch } from './theme.ts';

/** What every part of the page is given. */
export interface PageContext {
  readonly feed: StatusFeed;
  readonly alerts: Poll<readonly Alert[]>;
  readonly theme: ThemeSwitch;
  /** This browser's clock, once a second. */
  readonly clock: ReadonlySignal<number>;
  /** Verifies; made at the first use, as most pages never need it. */
  readonly examiner: () => Promise<Examiner>;
}

const Context: PreactContext<PageContext | undefined> = createContext<PageContext | undefined>(
  undefined,
);

export const ContextProvider: PreactContext<PageContext | undefined>['Provider'] = Context.Provider;

/** @throws Error outside of the page's provider */
export function usePage(): PageContext {
  const context = useContext(Context);
  if (context === undefined) throw new Error('expected to be rendered within the page');
  return context;
}
