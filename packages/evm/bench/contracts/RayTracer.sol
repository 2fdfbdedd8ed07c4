// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A path tracer in integers, written for this bench: spheres in storage, vectors as structs in
/// memory, fixed point of six digits, recursion, square roots by Newton. It has the character of the
/// SnailTracer that other benches use (signed wide arithmetic, deep internal calls, memory churn)
/// and shares no line with it.
contract RayTracer {
    struct Vector {
        int256 x;
        int256 y;
        int256 z;
    }

    struct Ray {
        Vector origin;
        Vector direction;
        uint256 depth;
    }

    struct Sphere {
        int256 radius;
        Vector center;
        Vector emission;
        Vector color;
        bool isMirror;
    }

    int256 constant ONE = 1_000_000;
    int256 constant FAR = 1_000_000 * ONE;
    int256 constant NEAR = ONE / 1_000;
    uint256 constant DEPTH_MAX = 5;
    uint256 constant WIDTH = 64;

    Sphere[] private spheres;
    uint256 private seed;

    function run(uint256 pixels) external returns (uint256) {
        delete spheres;
        seed = 1;
        add(100_000, vector(0, -100_010, 0), vector(0, 0, 0), vector(750_000, 750_000, 750_000), false);
        add(10, vector(-12, 0, 40), vector(0, 0, 0), vector(900_000, 250_000, 250_000), false);
        add(10, vector(12, 0, 40), vector(0, 0, 0), vector(999_000, 999_000, 999_000), true);
        add(6, vector(0, -4, 24), vector(0, 0, 0), vector(250_000, 250_000, 900_000), false);
        add(30, vector(0, 60, 30), vector(12_000_000, 12_000_000, 12_000_000), vector(0, 0, 0), false);
        uint256 image = 0;
        for (uint256 pixel = 0; pixel < pixels; pixel++) {
            Vector memory light = trace(cameraRay(pixel));
            image = uint256(keccak256(abi.encode(image, light.x, light.y, light.z)));
        }
        return image;
    }

    function add(
        int256 radius,
        Vector memory center,
        Vector memory emission,
        Vector memory color,
        bool isMirror
    ) internal {
        spheres.push(Sphere(radius * ONE, scale(center, ONE * ONE), emission, color, isMirror));
    }

    function cameraRay(uint256 pixel) internal returns (Ray memory) {
        int256 column = int256((pixel * 7) % WIDTH) - int256(WIDTH / 2);
        int256 row = int256((pixel * 11) % WIDTH) - int256(WIDTH / 2);
        Vector memory direction = vector(
            (column * ONE) / 40 + random(20_000),
            (row * ONE) / 40 + random(20_000),
            ONE
        );
        return Ray(vector(0, 4 * ONE, -20 * ONE), normalize(direction), 0);
    }

    function trace(Ray memory ray) internal returns (Vector memory) {
        (int256 distance, uint256 index) = nearest(ray);
        if (distance == FAR) return vector(0, 0, 0);
        Sphere memory sphere = spheres[index];
        if (ray.depth >= DEPTH_MAX) return sphere.emission;
        Vector memory hit = plus(ray.origin, scale(ray.direction, distance));
        Vector memory normal = normalize(minus(hit, sphere.center));
        if (dot(normal, ray.direction) > 0) normal = scale(normal, -ONE);
        Vector memory direction = sphere.isMirror
            ? minus(ray.direction, scale(normal, 2 * dot(normal, ray.direction)))
            : scatter(normal);
        Vector memory light = trace(Ray(hit, normalize(direction), ray.depth + 1));
        return plus(sphere.emission, multiply(sphere.color, light));
    }

    function nearest(Ray memory ray) internal view returns (int256 distance, uint256 index) {
        distance = FAR;
        uint256 count = spheres.length;
        for (uint256 i = 0; i < count; i++) {
            int256 found = intersect(spheres[i], ray);
            if (found > NEAR && found < distance) {
                distance = found;
                index = i;
            }
        }
    }

    /// Distance to the sphere, 0 where the ray passes it.
    function intersect(Sphere storage sphere, Ray memory ray) internal view returns (int256) {
        Vector memory offset = minus(sphere.center, ray.origin);
        int256 along = dot(offset, ray.direction);
        int256 radius = sphere.radius;
        int256 squared = along * along - dot(offset, offset) * ONE + radius * radius;
        if (squared < 0) return 0;
        int256 half = root(squared);
        if (along - half > NEAR) return along - half;
        return along + half > NEAR ? along + half : int256(0);
    }

    /// A direction on the normal's side, by a random point in a cube.
    function scatter(Vector memory normal) internal returns (Vector memory) {
        Vector memory around = vector(random(ONE), random(ONE), random(ONE));
        return plus(scale(normal, ONE + ONE / 10), scale(normalize(around), ONE / 2));
    }

    /// From -bound to bound.
    function random(int256 bound) internal returns (int256) {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return (int256(seed >> 8) % (2 * bound + 1)) - bound;
    }

    function root(int256 value) internal pure returns (int256 result) {
        if (value == 0) return 0;
        result = value;
        int256 next = (value + 1) / 2;
        while (next < result) {
            result = next;
            next = (value / next + next) / 2;
        }
    }

    function vector(int256 x, int256 y, int256 z) internal pure returns (Vector memory) {
        return Vector(x, y, z);
    }

    function plus(Vector memory a, Vector memory b) internal pure returns (Vector memory) {
        return Vector(a.x + b.x, a.y + b.y, a.z + b.z);
    }

    function minus(Vector memory a, Vector memory b) internal pure returns (Vector memory) {
        return Vector(a.x - b.x, a.y - b.y, a.z - b.z);
    }

    function multiply(Vector memory a, Vector memory b) internal pure returns (Vector memory) {
        return Vector((a.x * b.x) / ONE, (a.y * b.y) / ONE, (a.z * b.z) / ONE);
    }

    function scale(Vector memory a, int256 by) internal pure returns (Vector memory) {
        return Vector((a.x * by) / ONE, (a.y * by) / ONE, (a.z * by) / ONE);
    }

    function dot(Vector memory a, Vector memory b) internal pure returns (int256) {
        return (a.x * b.x + a.y * b.y + a.z * b.z) / ONE;
    }

    function normalize(Vector memory a) internal pure returns (Vector memory) {
        int256 length = root(a.x * a.x + a.y * a.y + a.z * a.z);
        if (length == 0) return a;
        return Vector((a.x * ONE) / length, (a.y * ONE) / length, (a.z * ONE) / length);
    }
}
