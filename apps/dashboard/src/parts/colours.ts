/** Colours of the style sheet as a canvas takes them: custom properties, resolved. */
export function readColours<Name extends string>(
  element: Element,
  names: readonly Name[],
): Record<Name, string> {
  const probe = document.createElement('span');
  probe.hidden = true;
  element.append(probe);
  const colours = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  ) as Record<Name, string>;
  probe.remove();
  return colours;
}
