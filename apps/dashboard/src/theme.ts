import { type Signal, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'basalt-theme';

/** Light, dark or as the system has it; kept in this browser and shared with the explorer. */
export class ThemeSwitch {
  readonly chosen: Signal<Theme> = signal<Theme>(readTheme());
  /** Counts every change of colours, the system's too: drawings follow it. */
  readonly version: Signal<number> = signal(0);

  start(): void {
    this.#apply();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.version.value++;
    });
  }

  choose(theme: Theme): void {
    this.chosen.value = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A browser that keeps nothing still shows what was chosen, until the page closes.
    }
    this.#apply();
  }

  #apply(): void {
    const theme = this.chosen.value;
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    this.version.value++;
  }
}

function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}
