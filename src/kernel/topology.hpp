// Welding, duplicate triangles and edge-connected shells.
#pragma once

#include <algorithm>
#include <cstring>
#include <numeric>

#include "common.hpp"

namespace partwatch {

class UnionFind {
  public:
    explicit UnionFind(size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }
    int32_t find(int32_t i) {
        while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
        return i;
    }
    // The smaller index stays root, so that labels do not depend on the order of unions.
    void unite(int32_t a, int32_t b) {
        a = find(a);
        b = find(b);
        if (a < b) parent_[b] = a;
        else parent_[a] = b;
    }

  private:
    std::vector<int32_t> parent_;
};

// Vertices of equal coordinates (bit for bit, with -0 taken as 0) become one; numbered by first sight.
inline size_t weld_exact(const double* corners, size_t count, int32_t* remap, std::vector<double>& out) {
    std::vector<int32_t> table(table_size(count), -1);
    size_t mask = table.size() - 1;
    out.clear();
    out.reserve(count / 2);
    for (size_t i = 0; i < count; ++i) {
        double p[3];
        uint64_t bits[3];
        for (int k = 0; k < 3; ++k) p[k] = corners[3 * i + k] + 0.0;
        std::memcpy(bits, p, sizeof p);
        size_t slot = mix(bits[0] ^ mix(bits[1] ^ mix(bits[2]))) & mask;
        for (;;) {
            int32_t found = table[slot];
            if (found < 0) {
                found = table[slot] = static_cast<int32_t>(out.size() / 3);
                out.insert(out.end(), p, p + 3);
                remap[i] = found;
                break;
            }
            if (std::memcmp(&out[3 * found], p, sizeof p) == 0) {
                remap[i] = found;
                break;
            }
            slot = (slot + 1) & mask;
        }
    }
    return out.size() / 3;
}

// Joins vertices within `reach` of each other (transitively); labels are the smallest index of each group.
inline void weld_near(const Vec3* points, size_t count, double reach, int32_t* labels) {
    UnionFind sets(count);
    CellGrid grid(points, count, reach);
    for (size_t i = 0; i < count; ++i)
        grid.within(points[i], [&](int32_t j, double) {
            if (static_cast<size_t>(j) < i) sets.unite(static_cast<int32_t>(i), j);
        });
    for (size_t i = 0; i < count; ++i) labels[i] = sets.find(static_cast<int32_t>(i));
}

// For each query the closest of the points within `reach`, or -1.
inline void closest_points(const Vec3* points, size_t count, const Vec3* queries, size_t wanted, double reach,
                           int32_t* found) {
    CellGrid grid(points, count, reach);
    for (size_t i = 0; i < wanted; ++i) {
        double best = std::numeric_limits<double>::infinity();
        found[i] = -1;
        grid.within(queries[i], [&](int32_t j, double d2) {
            if (d2 < best || (d2 == best && j < found[i])) {
                best = d2;
                found[i] = j;
            }
        });
    }
}

// keep[i] = 0 where a triangle repeats an earlier one's three vertices, whatever their order.
inline void mark_first(const int32_t* tri, size_t count, uint8_t* keep) {
    std::vector<int32_t> table(table_size(count), -1);
    size_t mask = table.size() - 1;
    auto key = [&](size_t i) {
        std::array<int32_t, 3> k{tri[3 * i], tri[3 * i + 1], tri[3 * i + 2]};
        std::sort(k.begin(), k.end());
        return k;
    };
    for (size_t i = 0; i < count; ++i) {
        auto k = key(i);
        size_t slot = mix(static_cast<uint64_t>(k[0]) << 32 ^ mix(static_cast<uint64_t>(k[1]) << 32 ^ k[2])) & mask;
        keep[i] = 1;
        while (table[slot] >= 0) {
            if (key(table[slot]) == k) {
                keep[i] = 0;
                break;
            }
            slot = (slot + 1) & mask;
        }
        if (keep[i]) table[slot] = static_cast<int32_t>(i);
    }
}

struct ShellStats {
    int32_t open_edges = 0;      // edges with one triangle
    int32_t crowded_edges = 0;   // edges with three or more
    int32_t clashing_edges = 0;  // edges of two triangles that run along them the same way
};

// Shells: triangles connected through shared edges. Labels 0.. by first sight.
// rim: the vertices of open edges, each once, ascending.
inline std::vector<ShellStats> shells(const int32_t* tri, size_t count, int32_t* labels, std::vector<int32_t>& rim) {
    struct Edge {
        uint64_t key = ~0ULL;
        int32_t first = -1;
        int32_t uses = 0;
        int32_t balance = 0;
    };
    std::vector<Edge> table(table_size(count * 3 / 2 + 1));
    size_t used = 0;
    UnionFind sets(count);
    auto insert = [&](auto& self, uint64_t key, int32_t t, int32_t uses, int32_t balance) -> void {
        size_t mask = table.size() - 1;
        size_t slot = mix(key) & mask;
        while (table[slot].uses && table[slot].key != key) slot = (slot + 1) & mask;
        Edge& e = table[slot];
        if (e.uses) {
            sets.unite(e.first, t);
        } else {
            e.key = key;
            e.first = t;
            ++used;
        }
        e.uses += uses;
        e.balance += balance;
        if (used * 10 > table.size() * 8) {  // open meshes have more edges than 1.5 a triangle
            std::vector<Edge> old(table.size() * 2);
            old.swap(table);
            used = 0;
            for (const Edge& o : old)
                if (o.uses) self(self, o.key, o.first, o.uses, o.balance);
        }
    };
    for (size_t i = 0; i < count; ++i)
        for (int k = 0; k < 3; ++k) {
            uint32_t a = tri[3 * i + k], b = tri[3 * i + (k + 1) % 3];
            uint64_t key = a < b ? (static_cast<uint64_t>(a) << 32 | b) : (static_cast<uint64_t>(b) << 32 | a);
            insert(insert, key, static_cast<int32_t>(i), 1, a < b ? 1 : -1);
        }
    std::vector<int32_t> number(count, -1);
    int32_t next = 0;
    for (size_t i = 0; i < count; ++i) {
        int32_t root = sets.find(static_cast<int32_t>(i));
        if (number[root] < 0) number[root] = next++;
        labels[i] = number[root];
    }
    std::vector<ShellStats> stats(next);
    for (const Edge& e : table) {
        if (!e.uses) continue;
        ShellStats& s = stats[labels[e.first]];
        if (e.uses == 1) {
            ++s.open_edges;
            rim.push_back(static_cast<int32_t>(e.key >> 32));
            rim.push_back(static_cast<int32_t>(e.key & 0xffffffffu));
        }
        s.crowded_edges += e.uses > 2;
        s.clashing_edges += e.uses == 2 && e.balance != 0;
    }
    std::sort(rim.begin(), rim.end());
    rim.erase(std::unique(rim.begin(), rim.end()), rim.end());
    return stats;
}

// Divergence theorem, about the first vertex used so that far from the origin nothing cancels.
inline double signed_volume(const double* v, const int32_t* tri, size_t count) {
    if (count == 0) return 0;
    auto vertex = [&](size_t i) {
        const double* p = v + 3 * static_cast<size_t>(tri[i]);
        return Vec3{p[0], p[1], p[2]};
    };
    Vec3 o = vertex(0);
    double six = 0;
    for (size_t t = 0; t < count; ++t)
        six += dot(vertex(3 * t) - o, cross(vertex(3 * t + 1) - o, vertex(3 * t + 2) - o));
    return six / 6;
}

}  // namespace partwatch
