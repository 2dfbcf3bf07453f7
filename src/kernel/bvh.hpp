// Closest point on a triangle mesh, among triangles whose plane is compatible with a wanted normal.
#pragma once

#include <algorithm>
#include <cstring>

#include "alignment.hpp"
#include "common.hpp"

namespace partwatch {

// Closest point of a triangle, by Voronoi regions of its features (Ericson 2005, section 5.1.5).
inline Vec3 closest_on_triangle(Vec3 p, Vec3 a, Vec3 ab, Vec3 ac) {
    Vec3 ap = p - a;
    double d1 = dot(ab, ap), d2 = dot(ac, ap);
    if (d1 <= 0 && d2 <= 0) return a;
    Vec3 bp = ap - ab;
    double d3 = dot(ab, bp), d4 = dot(ac, bp);
    if (d3 >= 0 && d4 <= d3) return a + ab;
    double vc = d1 * d4 - d3 * d2;
    if (vc <= 0 && d1 >= 0 && d3 <= 0) return a + ab * (d1 / (d1 - d3));
    Vec3 cp = ap - ac;
    double d5 = dot(ab, cp), d6 = dot(ac, cp);
    if (d6 >= 0 && d5 <= d6) return a + ac;
    double vb = d5 * d2 - d1 * d6;
    if (vb <= 0 && d2 >= 0 && d6 <= 0) return a + ac * (d2 / (d2 - d6));
    double va = d3 * d6 - d5 * d4;
    if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
        double w = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        return a + ab + (ac - ab) * w;
    }
    double scale = 1 / (va + vb + vc);
    return a + ab * (vb * scale) + ac * (vc * scale);
}

// Bounding volume hierarchy over triangles, split where their Morton codes do, with leaves of four at most.
class TriangleTree {
  public:
    TriangleTree(const double* v, const int32_t* tri, size_t count, double min_cosine) : min_cosine_(min_cosine) {
        auto vertex = [&](size_t t, int k) {
            const double* p = v + 3 * static_cast<size_t>(tri[3 * t + k]);
            return Vec3{p[0], p[1], p[2]};
        };
        std::vector<Vec3> centres(count);
        constexpr double top = std::numeric_limits<double>::max();
        Vec3 lo{top, top, top}, hi{-top, -top, -top};
        for (size_t t = 0; t < count; ++t) {
            Vec3 a = vertex(t, 0), e1 = vertex(t, 1) - a, e2 = vertex(t, 2) - a;
            if (norm2(cross(e1, e2)) == 0) {  // no area, nothing to lie on
                centres[t].x = std::numeric_limits<double>::quiet_NaN();
                continue;
            }
            Vec3 c = centres[t] = a + (e1 + e2) * (1.0 / 3);
            lo = {std::min(lo.x, c.x), std::min(lo.y, c.y), std::min(lo.z, c.z)};
            hi = {std::max(hi.x, c.x), std::max(hi.y, c.y), std::max(hi.z, c.z)};
        }
        // A code of the place and the triangle's number share 64 bits.
        int number_bits = 1;
        while (number_bits < 32 && (count >> number_bits) != 0) ++number_bits;
        int axis_bits = std::min(13, (64 - number_bits) / 3);
        double unit = (1 << axis_bits) / std::max({hi.x - lo.x, hi.y - lo.y, hi.z - lo.z, 1e-300});
        auto place = [&](double x, double from) {
            double at = (x - from) * unit, most = (1 << axis_bits) - 1;
            return interleaved(static_cast<uint64_t>(!(at > 0) ? 0 : std::min(at, most)));
        };
        std::vector<uint64_t> order;
        order.reserve(count);
        for (size_t t = 0; t < count; ++t) {
            Vec3 c = centres[t];
            if (std::isnan(c.x)) continue;
            uint64_t code = place(c.x, lo.x) << 2 | place(c.y, lo.y) << 1 | place(c.z, lo.z);
            order.push_back(code << number_bits | t);
        }
        sort_codes(order, number_bits, 3 * axis_bits);
        triangles_.reserve(order.size());
        uint64_t mask = (uint64_t{1} << number_bits) - 1;
        for (uint64_t entry : order) {
            size_t t = static_cast<size_t>(entry & mask);
            Vec3 a = vertex(t, 0), e1 = vertex(t, 1) - a, e2 = vertex(t, 2) - a, n = cross(e1, e2);
            triangles_.push_back({a, e1, e2, n * (1 / norm(n)), static_cast<int32_t>(t)});
        }
        if (order.empty()) return;
        nodes_.reserve(order.size());
        nodes_.push_back({});
        build(0, order.data(), 0, static_cast<uint32_t>(order.size()), number_bits);
    }

    Nearest nearest(Vec3 p, Vec3 n, double cap) const {
        Nearest out;
        int32_t ignored;
        search(p, n, cap, out, ignored);
        return out;
    }

    // A zero normal is compatible with everything.
    void search(Vec3 p, Vec3 n, double cap, Nearest& out, int32_t& triangle) const {
        out.distance2 = cap * cap;
        triangle = -1;
        if (triangles_.empty()) return;
        bool any = norm2(n) < 0.25;
        struct Entry {
            uint32_t node;
            double d2;
        } stack[96];  // 39 bits of place, then halves of what lies in one place
        int top = 0;
        stack[top++] = {0, nodes_[0].box.distance2(p)};
        while (top) {
            Entry e = stack[--top];
            if (e.d2 > out.distance2) continue;
            const Node& node = nodes_[e.node];
            if (node.count) {
                for (uint32_t i = node.first; i < node.first + node.count; ++i) {
                    const Triangle& t = triangles_[i];
                    if (!any && std::fabs(dot(t.normal, n)) < min_cosine_) continue;
                    Vec3 q = closest_on_triangle(p, t.a, t.ab, t.ac);
                    double d2 = norm2(q - p);
                    if (d2 <= out.distance2) {
                        out.distance2 = d2;
                        out.point = q;
                        out.normal = t.normal;
                        out.found = true;
                        triangle = t.id;
                    }
                }
                continue;
            }
            uint32_t left = node.first;
            double dl = nodes_[left].box.distance2(p), dr = nodes_[left + 1].box.distance2(p);
            if (dl < dr) {
                if (dr <= out.distance2) stack[top++] = {left + 1, dr};
                if (dl <= out.distance2) stack[top++] = {left, dl};
            } else {
                if (dl <= out.distance2) stack[top++] = {left, dl};
                if (dr <= out.distance2) stack[top++] = {left + 1, dr};
            }
        }
    }

    // Crossings of the ray from p along d with the mesh, split by the side they come from.
    void crossings(Vec3 p, Vec3 d, int& with, int& against) const {
        with = against = 0;
        if (triangles_.empty()) return;
        std::vector<uint32_t> stack{0};
        while (!stack.empty()) {
            const Node& node = nodes_[stack.back()];
            stack.pop_back();
            if (!node.box.hit(p, d)) continue;
            if (!node.count) {
                stack.push_back(node.first);
                stack.push_back(node.first + 1);
                continue;
            }
            for (uint32_t i = node.first; i < node.first + node.count; ++i) {
                // Moeller and Trumbore 1997.
                const Triangle& t = triangles_[i];
                Vec3 pv = cross(d, t.ac);
                double det = dot(t.ab, pv);
                if (det == 0) continue;
                Vec3 tv = p - t.a;
                double u = dot(tv, pv) / det;
                if (u < 0 || u > 1) continue;
                Vec3 qv = cross(tv, t.ab);
                double w = dot(d, qv) / det;
                if (w < 0 || u + w > 1 || dot(t.ac, qv) / det <= 0) continue;
                (det > 0 ? against : with) += 1;
            }
        }
    }

  private:
    static constexpr size_t block = 4;

    struct Triangle {
        Vec3 a, ab, ac, normal;
        int32_t id;
    };

    // Single precision, a step too wide rather than too narrow: half the memory to walk through.
    struct Box {
        float lo[3] = {3e38f, 3e38f, 3e38f}, hi[3] = {-3e38f, -3e38f, -3e38f};

        Box() = default;
        Box(Vec3 low, Vec3 high) {
            const double l[3] = {low.x, low.y, low.z}, h[3] = {high.x, high.y, high.z};
            for (int k = 0; k < 3; ++k) {
                lo[k] = below(static_cast<float>(l[k]));
                hi[k] = -below(-static_cast<float>(h[k]));
            }
        }
        static float below(float x) { return x - std::fabs(x) * 1.2e-7f - std::numeric_limits<float>::min(); }
        void add(const Box& other) {
            for (int k = 0; k < 3; ++k) {
                lo[k] = std::min(lo[k], other.lo[k]);
                hi[k] = std::max(hi[k], other.hi[k]);
            }
        }
        double distance2(Vec3 p) const {
            double dx = std::max({lo[0] - p.x, p.x - hi[0], 0.0}), dy = std::max({lo[1] - p.y, p.y - hi[1], 0.0}),
                   dz = std::max({lo[2] - p.z, p.z - hi[2], 0.0});
            return dx * dx + dy * dy + dz * dz;
        }
        bool hit(Vec3 p, Vec3 d) const {  // slabs; d has no zero component
            if (lo[0] > hi[0]) return false;
            double x0 = (lo[0] - p.x) / d.x, x1 = (hi[0] - p.x) / d.x, y0 = (lo[1] - p.y) / d.y,
                   y1 = (hi[1] - p.y) / d.y, z0 = (lo[2] - p.z) / d.z, z1 = (hi[2] - p.z) / d.z;
            double in = std::max({std::min(x0, x1), std::min(y0, y1), std::min(z0, z1), 0.0});
            return in <= std::min({std::max(x0, x1), std::max(y0, y1), std::max(z0, z1)});
        }
    };

    // A leaf holds the `count` triangles from `first` on; an inner node, of count 0, the nodes `first` and the next.
    struct Node {
        Box box;
        uint32_t first = 0, count = 0;
    };

    // The lowest 13 bits, two zeros between each.
    static uint64_t interleaved(uint64_t x) {
        x = (x | x << 16) & 0x00ff0000ff0000ffULL;
        x = (x | x << 8) & 0xf00f00f00f00f00fULL;
        x = (x | x << 4) & 0x10c30c30c30c30c3ULL;
        return (x | x << 2) & 0x1249249249249249ULL;
    }

    // Least significant digit first, ten bits at a time; those below `from` are in order already.
    static void sort_codes(std::vector<uint64_t>& codes, int from, int bits) {
        constexpr int digit = 10;
        std::vector<uint64_t> other(codes.size());
        for (int shift = from; shift < from + bits; shift += digit) {
            std::array<uint32_t, (1 << digit) + 1> start{};
            for (uint64_t c : codes) ++start[((c >> shift) & ((1 << digit) - 1)) + 1];
            for (size_t k = 1; k < start.size(); ++k) start[k] += start[k - 1];
            for (uint64_t c : codes) other[start[(c >> shift) & ((1 << digit) - 1)]++] = c;
            codes.swap(other);
        }
    }

    // Splits where the highest bit of the codes changes, so that each node is a cell of an octree or less; codes
    // alike are halved (Lauterbach et al. 2009).
    void build(uint32_t at, const uint64_t* codes, uint32_t begin, uint32_t end, int number_bits) {
        if (end - begin <= block) {
            Vec3 lo = triangles_[begin].a, hi = lo;
            for (uint32_t i = begin; i < end; ++i) {
                const Triangle& t = triangles_[i];
                for (Vec3 p : {t.a, t.a + t.ab, t.a + t.ac}) {
                    lo = {std::min(lo.x, p.x), std::min(lo.y, p.y), std::min(lo.z, p.z)};
                    hi = {std::max(hi.x, p.x), std::max(hi.y, p.y), std::max(hi.z, p.z)};
                }
            }
            nodes_[at] = {Box(lo, hi), begin, end - begin};
            return;
        }
        uint32_t middle = begin + (end - begin) / 2;
        uint64_t differing = (codes[begin] ^ codes[end - 1]) >> number_bits << number_bits;
        if (differing) {
            while (differing & (differing - 1)) differing &= differing - 1;
            middle = static_cast<uint32_t>(
                std::partition_point(codes + begin, codes + end, [&](uint64_t c) { return !(c & differing); }) - codes);
        }
        uint32_t left = static_cast<uint32_t>(nodes_.size());
        nodes_.resize(nodes_.size() + 2);
        build(left, codes, begin, middle, number_bits);
        build(left + 1, codes, middle, end, number_bits);
        Box box = nodes_[left].box;
        box.add(nodes_[left + 1].box);
        nodes_[at] = {box, left, 0};
    }

    double min_cosine_;
    std::vector<Triangle> triangles_;
    std::vector<Node> nodes_;
};

}  // namespace partwatch
