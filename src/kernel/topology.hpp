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
// The table grows with the vertices found, not with the corners given: of a closed mesh's corners one in six
// is new, and the smaller table stays in the cache.
inline size_t weld_exact(const double* corners, size_t count, int32_t* remap, std::vector<double>& out) {
    auto hash = [](const double* p) {
        uint64_t b[3];
        std::memcpy(b, p, sizeof b);
        uint64_t h = b[0] * 0x9e3779b97f4a7c15ULL ^ (b[1] * 0xc2b2ae3d27d4eb4fULL >> 7) ^ b[1] * 0x165667b19e3779f9ULL;
        return mix(h + b[2] * 0xd6e8feb86659fd93ULL);
    };
    std::vector<int32_t> table(1024, -1);
    size_t found_vertices = 0;
    out.clear();
    out.reserve(std::min<size_t>(count, 4096) * 3);
    for (size_t i = 0; i < count; ++i) {
        double p[3];
        for (int k = 0; k < 3; ++k) p[k] = corners[3 * i + k] + 0.0;
        size_t mask = table.size() - 1, slot = hash(p) & mask;
        while (table[slot] >= 0 && std::memcmp(&out[3 * static_cast<size_t>(table[slot])], p, sizeof p) != 0)
            slot = (slot + 1) & mask;
        if (table[slot] >= 0) {
            remap[i] = table[slot];
            continue;
        }
        remap[i] = table[slot] = static_cast<int32_t>(found_vertices++);
        out.insert(out.end(), p, p + 3);
        if (found_vertices * 2 > table.size()) {
            table.assign(table.size() * 4, -1);
            mask = table.size() - 1;
            for (size_t v = 0; v < found_vertices; ++v) {
                slot = hash(&out[3 * v]) & mask;
                while (table[slot] >= 0) slot = (slot + 1) & mask;
                table[slot] = static_cast<int32_t>(v);
            }
        }
    }
    return found_vertices;
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

// Points laid out once, to be asked for the closest one within `reach` of many others.
class PointGrid {
  public:
    PointGrid(std::vector<Vec3> points, double reach)
        : points_(std::move(points)), grid_(points_.data(), points_.size(), reach, sparse_cell(points_)) {}

    // The index of the closest point within reach, the lowest of equals; -1 where there is none.
    int32_t nearest(Vec3 p) const {
        double best = std::numeric_limits<double>::infinity();
        int32_t found = -1;
        grid_.within(p, [&](int32_t j, double d2) {
            if (d2 < best || (d2 == best && j < found)) {
                best = d2;
                found = j;
            }
        });
        return found;
    }

  private:
    // Wide enough to hold a point or so of a surface: where the reach is far below that, a query then seldom
    // touches a second cell.
    static double sparse_cell(const std::vector<Vec3>& points) {
        double farthest2 = 0;
        for (Vec3 p : points) farthest2 = std::max(farthest2, norm2(p - points.front()));
        return 0.5 * std::sqrt(farthest2 / static_cast<double>(std::max<size_t>(points.size(), 1)));
    }

    std::vector<Vec3> points_;
    CellGrid grid_;
};

// Rows grouped by a vertex, in the order they came: `start` has one entry more than there are vertices.
template <class Row> struct ByVertex {
    std::vector<int32_t> start;
    std::vector<Row> rows;

    // each(visit) calls visit(vertex, row) for every row, the same ones in the same order each time.
    template <class Each> ByVertex(size_t vertices, const Each& each) : start(vertices + 2, 0) {
        each([&](int32_t v, const Row&) { ++start[v + 2]; });
        for (size_t v = 2; v < start.size(); ++v) start[v] += start[v - 1];
        rows.resize(start.back());
        each([&](int32_t v, const Row& row) { rows[start[v + 1]++] = row; });
        start.pop_back();
    }
};

inline size_t vertex_count(const int32_t* tri, size_t count) {
    int32_t most = -1;
    for (size_t i = 0; i < 3 * count; ++i) most = std::max(most, tri[i]);
    return static_cast<size_t>(most + 1);
}

// Sorts a vertex's few rows; of equals the earlier stays first.
template <class Row, class Less> void sort_rows(Row* begin, Row* end, Less less) {
    if (end - begin > 32) {
        std::stable_sort(begin, end, less);
        return;
    }
    for (Row* i = begin + (begin != end); i < end; ++i) {
        Row row = *i;
        Row* j = i;
        for (; j > begin && less(row, j[-1]); --j) *j = j[-1];
        *j = row;
    }
}

// keep[i] = 0 where a triangle repeats an earlier one's three vertices, whatever their order.
inline void mark_first(const int32_t* tri, size_t count, uint8_t* keep) {
    struct Row {
        int32_t middle, high, triangle;
    };
    ByVertex<Row> by_lowest(vertex_count(tri, count), [&](auto visit) {
        for (size_t i = 0; i < count; ++i) {
            int32_t a = tri[3 * i], b = tri[3 * i + 1], c = tri[3 * i + 2];
            int32_t low = std::min({a, b, c}), high = std::max({a, b, c});
            int32_t middle = std::max(std::min(a, b), std::min(std::max(a, b), c));
            visit(low, Row{middle, high, static_cast<int32_t>(i)});
        }
    });
    std::fill(keep, keep + count, uint8_t{1});
    for (size_t v = 0; v + 1 < by_lowest.start.size(); ++v) {
        Row *begin = by_lowest.rows.data() + by_lowest.start[v], *end = by_lowest.rows.data() + by_lowest.start[v + 1];
        sort_rows(begin, end, [](const Row& x, const Row& y) {
            return x.middle != y.middle ? x.middle < y.middle : x.high < y.high;
        });
        for (Row* row = begin + (begin != end); row < end; ++row)
            if (row->middle == row[-1].middle && row->high == row[-1].high) keep[row->triangle] = 0;
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
    struct Side {
        int32_t far;       // the edge's higher vertex; its lower one is what sides are grouped by
        int32_t triangle;  // complemented where it runs from the higher to the lower
        int32_t owner() const { return triangle < 0 ? ~triangle : triangle; }
    };
    ByVertex<Side> sides(vertex_count(tri, count), [&](auto visit) {
        for (size_t i = 0; i < count; ++i)
            for (int k = 0; k < 3; ++k) {
                int32_t a = tri[3 * i + k], b = tri[3 * i + (k + 1) % 3], t = static_cast<int32_t>(i);
                visit(std::min(a, b), Side{std::max(a, b), a < b ? t : ~t});
            }
    });
    UnionFind sets(count);
    for (size_t v = 0; v + 1 < sides.start.size(); ++v) {
        Side *begin = sides.rows.data() + sides.start[v], *end = sides.rows.data() + sides.start[v + 1];
        sort_rows(begin, end, [](const Side& x, const Side& y) { return x.far < y.far; });
        for (Side* side = begin + (begin != end); side < end; ++side)
            if (side->far == side[-1].far) sets.unite(side[-1].owner(), side->owner());
    }
    std::vector<int32_t> number(count, -1);
    int32_t next = 0;
    for (size_t i = 0; i < count; ++i) {
        int32_t root = sets.find(static_cast<int32_t>(i));
        if (number[root] < 0) number[root] = next++;
        labels[i] = number[root];
    }
    std::vector<ShellStats> stats(next);
    for (size_t v = 0; v + 1 < sides.start.size(); ++v)
        for (int32_t i = sides.start[v], j = i; i < sides.start[v + 1]; i = j) {
            int32_t balance = 0;
            for (; j < sides.start[v + 1] && sides.rows[j].far == sides.rows[i].far; ++j)
                balance += sides.rows[j].triangle < 0 ? -1 : 1;
            ShellStats& s = stats[labels[sides.rows[i].owner()]];
            if (j - i == 1) {
                ++s.open_edges;
                rim.push_back(static_cast<int32_t>(v));
                rim.push_back(sides.rows[i].far);
            }
            s.crowded_edges += j - i > 2;
            s.clashing_edges += j - i == 2 && balance != 0;
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
