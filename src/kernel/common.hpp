// Small vector algebra shared by the kernel's parts.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace partwatch {

struct Vec3 {
    double x = 0, y = 0, z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, double s) { return {a.x * s, a.y * s, a.z * s}; }
inline double dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double norm2(Vec3 a) { return dot(a, a); }
inline double norm(Vec3 a) { return std::sqrt(norm2(a)); }

// x' = A x + t, A row-major; A holds rotation, reflection and uniform scale.
struct Similarity {
    std::array<double, 9> A{1, 0, 0, 0, 1, 0, 0, 0, 1};
    Vec3 t;

    Vec3 linear(Vec3 p) const {
        return {A[0] * p.x + A[1] * p.y + A[2] * p.z, A[3] * p.x + A[4] * p.y + A[5] * p.z,
                A[6] * p.x + A[7] * p.y + A[8] * p.z};
    }
    Vec3 operator()(Vec3 p) const { return linear(p) + t; }
};

inline uint64_t mix(uint64_t h) {  // the finaliser of splitmix64 (Steele, Lea, Flood 2014)
    h ^= h >> 30;
    h *= 0xbf58476d1ce4e5b9ULL;
    h ^= h >> 27;
    h *= 0x94d049bb133111ebULL;
    return h ^ (h >> 31);
}

inline size_t table_size(size_t entries) {
    size_t size = 16;
    while (size < entries * 2) size *= 2;
    return size;
}

// Points in cubic cells, twice the radius wide unless told otherwise: a query then looks into eight of them at most.
class CellGrid {
  public:
    CellGrid(const Vec3* points, size_t count, double radius, double least_cell = 0)
        : points_(points), radius_(radius), cell_(std::max(2 * radius, least_cell)) {
        lo_ = {std::numeric_limits<double>::max(), std::numeric_limits<double>::max(),
               std::numeric_limits<double>::max()};
        for (size_t i = 0; i < count; ++i) {
            lo_ = {std::min(lo_.x, points[i].x), std::min(lo_.y, points[i].y), std::min(lo_.z, points[i].z)};
        }
        heads_.assign(table_size(count), -1);
        next_.assign(count, -1);
        for (size_t i = count; i-- > 0;) {
            size_t slot = slot_of(cell_of(points[i]));
            next_[i] = heads_[slot];
            heads_[slot] = static_cast<int32_t>(i);
        }
    }

    // Of a cell with more than `most` points only every k-th is looked at from now on, and stands for k: what lies
    // more crowded than a surface can then costs no more than one that does not.
    void thin(size_t most) {
        stands_for_.assign(next_.size(), 1);
        for (int32_t head : heads_) {
            size_t count = 0;
            for (int32_t i = head; i >= 0; i = next_[i]) ++count;
            if (count <= most) continue;
            int32_t step = static_cast<int32_t>((count + most - 1) / most);
            for (int32_t i = head; i >= 0; i = next_[i]) {
                int32_t after = next_[i];
                for (; stands_for_[i] < step && after >= 0; ++stands_for_[i]) after = next_[after];
                next_[i] = after;
            }
        }
    }

    // How many points this one stands for, once thinned.
    int32_t stands_for(int32_t i) const { return stands_for_[i]; }

    // Calls visit(index, squared distance) for each point within the radius of p.
    template <class Visit> void within(Vec3 p, Visit visit) const {
        // A hair wider, since a distance may round down to the radius.
        double reach = radius_ * (1 + 1e-9);
        auto low = cell_of({p.x - reach, p.y - reach, p.z - reach});
        auto high = cell_of({p.x + reach, p.y + reach, p.z + reach});
        double limit = radius_ * radius_;
        // Two of the cells (at most 27 by rounding) may share a slot of the table; a slot is visited once.
        size_t seen[27];
        int count = 0;
        for (int64_t x = low[0]; x <= high[0]; ++x)
            for (int64_t y = low[1]; y <= high[1]; ++y)
                for (int64_t z = low[2]; z <= high[2]; ++z) {
                    size_t slot = slot_of({x, y, z});
                    bool repeated = false;
                    for (int k = 0; k < count; ++k) repeated |= seen[k] == slot;
                    if (repeated) continue;
                    seen[count++] = slot;
                    for (int32_t i = heads_[slot]; i >= 0; i = next_[i]) {
                        double d2 = norm2(points_[i] - p);
                        if (d2 <= limit) visit(i, d2);
                    }
                }
    }

  private:
    std::array<int64_t, 3> cell_of(Vec3 p) const {
        // Cells farther out are one: there a double no longer tells neighbours apart, nor fits a whole number.
        constexpr double out = 1125899906842624.0;  // 2^50
        auto number = [=](double at) { return !(at > -out) ? -out : std::min(std::floor(at), out); };
        return {static_cast<int64_t>(number((p.x - lo_.x) / cell_)), static_cast<int64_t>(number((p.y - lo_.y) / cell_)),
                static_cast<int64_t>(number((p.z - lo_.z) / cell_))};
    }
    size_t slot_of(std::array<int64_t, 3> c) const {
        uint64_t h = mix(static_cast<uint64_t>(c[0]) * 0x9e3779b97f4a7c15ULL ^
                         mix(static_cast<uint64_t>(c[1]) * 0xc2b2ae3d27d4eb4fULL ^
                             mix(static_cast<uint64_t>(c[2]))));
        return h & (heads_.size() - 1);
    }

    const Vec3* points_;
    double radius_, cell_;
    Vec3 lo_;
    std::vector<int32_t> heads_, next_, stands_for_;
};

}  // namespace partwatch
