import type { ComponentChildren, VNode } from 'preact';
import type { Polled } from '../state/polled.ts';

interface SectionProps {
  readonly title: string;
  readonly note?: string | undefined;
  readonly children: ComponentChildren;
  readonly class?: string;
}

/** A titled card. */
export function Section({ title, note, children, class: name = '' }: SectionProps): VNode {
  return (
    <section class={`card ${name}`} aria-label={title}>
      <header class="card-head">
        <h2>{title}</h2>
        {note === undefined ? null : <p class="muted">{note}</p>}
      </header>
      {children}
    </section>
  );
}

interface FactProps {
  readonly name: string;
  readonly children: ComponentChildren;
  readonly title?: string | undefined;
}

/** A name with its value, within a `dl`. */
export function Fact({ name, children, title }: FactProps): VNode {
  return (
    <div class="fact" title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Said where the last answer is missing and what is shown is the one before. */
export function Stale({ last }: { readonly last: Polled<unknown>['last'] }): VNode | null {
  if (last !== 'failed' && last !== 'missing') return null;
  return (
    <p class="card banner is-degraded stale" role="status">
      This could not be read again: what is shown is from before. Trying again.
    </p>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }): VNode {
  return <p class="empty">{children}</p>;
}
