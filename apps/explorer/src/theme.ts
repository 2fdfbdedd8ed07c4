const KEY = 'basalt-theme';

/** Light, dark or as the system has it: the choice is kept and shared with the dashboard. */
export function followTheme(): void {
  const select = document.querySelector<HTMLSelectElement>('#theme');
  if (select === null) return;
  const { dataset } = document.documentElement;
  const apply = (): void => {
    if (select.value === 'system') delete dataset['theme'];
    else dataset['theme'] = select.value;
  };
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === 'light' || kept === 'dark') select.value = kept;
  } catch {
    // A browser that keeps nothing still follows the choice until the page closes.
  }
  apply();
  select.addEventListener('change', () => {
    apply();
    try {
      localStorage.setItem(KEY, select.value);
    } catch {
      // As above.
    }
  });
}
