// For the simulation: hands every place between two steps to the host.

// @ts-ignore: decorator
@external("host", "preempt")
export declare function preempt(place: i32): void;
