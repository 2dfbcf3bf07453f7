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

// Bounding volume hierarchy over triangles in Morton order: an implicit balanced tree with blocks of four.
class TriangleTree {
  public:
    TriangleTree(const double* v, const int32_t* tri, size_t count, double min_cosine) : min_cosine_(min_cosine) {
        auto vertex = [&](size_t t, int k) {
            const double* p = v + 3 * static_cast<size_t>(tri[3 * t + k]);
            return Vec3{p[0], p[1], p[2]};
        };
        std::vector<Centre> order;
        order.reserve(count);
        for (size_t t = 0; t < count; ++t) {
            Vec3 a = vertex(t, 0), e1 = vertex(t, 1) - a, e2 = vertex(t, 2) - a;
            if (norm2(cross(e1, e2)) == 0) continue;  // no area, nothing to lie on
            Vec3 c = a + (e1 + e2) * (1.0 / 3);
            order.push_back({{sortable(c.x), sortable(c.y), sortable(c.z)}, static_cast<int32_t>(t)});
        }
        size_t blocks = std::max<size_t>((order.size() + block - 1) / block, 1), leaves = 1;
        while (leaves < blocks) leaves *= 2;
        first_leaf_ = static_cast<uint32_t>(leaves - 1);
        halve(order.data(), order.data() + order.size(), leaves * block, bounds(order));
        triangles_.reserve(order.size());
        for (const Centre& entry : order) {
            size_t t = static_cast<size_t>(entry.triangle);
            Vec3 a = vertex(t, 0), e1 = vertex(t, 1) - a, e2 = vertex(t, 2) - a, n = cross(e1, e2);
            triangles_.push_back({a, e1, e2, n * (1 / norm(n)), static_cast<int32_t>(t)});
        }
        build();
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
        } stack[64];
        int top = 0;
        stack[top++] = {0, boxes_[0].distance2(p)};
        while (top) {
            Entry e = stack[--top];
            if (e.d2 > out.distance2) continue;
            if (e.node >= first_leaf_) {
                size_t begin = static_cast<size_t>(e.node - first_leaf_) * block;
                size_t end = std::min(begin + block, triangles_.size());
                for (size_t i = begin; i < end; ++i) {
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
            uint32_t left = 2 * e.node + 1;
            double dl = boxes_[left].distance2(p), dr = boxes_[left + 1].distance2(p);
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
            uint32_t node = stack.back();
            stack.pop_back();
            if (!boxes_[node].hit(p, d)) continue;
            if (node < first_leaf_) {
                stack.push_back(2 * node + 1);
                stack.push_back(2 * node + 2);
                continue;
            }
            size_t begin = static_cast<size_t>(node - first_leaf_) * block;
            size_t end = std::min(begin + block, triangles_.size());
            for (size_t i = begin; i < end; ++i) {
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

    struct Centre {
        float at[3];
        int32_t triangle;
    };

    // Sums of absurd coordinates overflow; what is no number could not be ordered.
    static float sortable(double x) { return std::isfinite(x) ? static_cast<float>(std::clamp(x, -3e38, 3e38)) : 0; }

    // Orders centres so that each half of the room, which a subtree has, is on one side along their longest extent.
    // box: lo and hi of all of them, or wider.
    static void halve(Centre* begin, Centre* end, size_t room, std::array<float, 6> box) {
        if (room <= block || end - begin <= 1) return;
        size_t half = room / 2;
        if (static_cast<size_t>(end - begin) <= half) return halve(begin, end, half, box);
        int axis = 0;
        for (int k = 1; k < 3; ++k)
            if (box[3 + k] - box[k] > box[3 + axis] - box[axis]) axis = k;
        // Equal centres by number, so that every machine builds the same tree.
        std::nth_element(begin, begin + half, end, [axis](const Centre& x, const Centre& y) {
            return x.at[axis] < y.at[axis] || (x.at[axis] == y.at[axis] && x.triangle < y.triangle);
        });
        auto low = box, high = box;
        low[3 + axis] = high[axis] = begin[half].at[axis];
        halve(begin, begin + half, half, low);
        halve(begin + half, end, half, high);
    }

    static std::array<float, 6> bounds(const std::vector<Centre>& centres) {
        constexpr float top = std::numeric_limits<float>::max();
        std::array<float, 6> box{top, top, top, -top, -top, -top};
        for (const Centre& c : centres)
            for (int k = 0; k < 3; ++k) {
                box[k] = std::min(box[k], c.at[k]);
                box[3 + k] = std::max(box[3 + k], c.at[k]);
            }
        return box;
    }

    void build() {
        boxes_.assign(2 * static_cast<size_t>(first_leaf_) + 1, {});
        for (size_t begin = 0, leaf = first_leaf_; begin < triangles_.size(); begin += block, ++leaf) {
            Vec3 lo = triangles_[begin].a, hi = lo;
            for (size_t i = begin; i < std::min(begin + block, triangles_.size()); ++i) {
                const Triangle& t = triangles_[i];
                for (Vec3 p : {t.a, t.a + t.ab, t.a + t.ac}) {
                    lo = {std::min(lo.x, p.x), std::min(lo.y, p.y), std::min(lo.z, p.z)};
                    hi = {std::max(hi.x, p.x), std::max(hi.y, p.y), std::max(hi.z, p.z)};
                }
            }
            boxes_[leaf] = Box(lo, hi);
        }
        for (size_t node = first_leaf_; node-- > 0;) {
            boxes_[node].add(boxes_[2 * node + 1]);
            boxes_[node].add(boxes_[2 * node + 2]);
        }
    }

    double min_cosine_;
    std::vector<Triangle> triangles_;
    std::vector<Box> boxes_;
    uint32_t first_leaf_ = 0;
};

}  // namespace partwatch
