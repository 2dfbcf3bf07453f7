// Local features: where a surface is anything but flat, and what it looks like around there, at one absolute size.
#pragma once

#include <algorithm>
#include <vector>

#include "common.hpp"
#include "sampling.hpp"
#include "topology.hpp"

namespace partwatch {

struct LocalLayout {
    // A spin image (Johnson and Hebert 1999): area by distance from the normal's axis and by height along it.
    static constexpr int rings = 5, heights = 8;
    // Area by distance from the point and by the angle between the normals.
    static constexpr int shells = 3, turns = 5;
    static constexpr int size = rings * heights + shells * turns;
};

struct LocalFeatures {
    std::vector<int32_t> origin;   // the sample that each keypoint is
    std::vector<Vec3> normals;     // of its neighbourhood, outward
    std::vector<float> saliency;   // surface variation (Pauly and others 2002) of its neighbourhood
    std::vector<float> descriptor; // LocalLayout::size numbers each
};

// Which triangles of a welded mesh are joined, edge by edge: what is near through space and far along the surface, as
// the wall of a hollow around a part, is no neighbour.
class Sheets {
  public:
    Sheets(const double* v, const int32_t* tri, size_t count) : edge_of_(3 * count) {
        struct Side {
            int32_t far, side;
        };
        ByVertex<Side> sides(vertex_count(tri, count), [&](auto visit) {
            for (size_t i = 0; i < 3 * count; ++i) {
                int32_t a = tri[i], b = tri[i % 3 == 2 ? i - 2 : i + 1];
                visit(std::min(a, b), Side{std::max(a, b), static_cast<int32_t>(i)});
            }
        });
        auto vertex = [&](int32_t i) { return Vec3{v[3 * i], v[3 * i + 1], v[3 * i + 2]}; };
        for (size_t low = 0; low + 1 < sides.start.size(); ++low) {
            Side *begin = sides.rows.data() + sides.start[low], *end = sides.rows.data() + sides.start[low + 1];
            sort_rows(begin, end, [](const Side& x, const Side& y) { return x.far < y.far; });
            for (Side* side = begin; side < end; ++side) {
                if (side == begin || side->far != side[-1].far) {
                    first_.push_back(static_cast<int32_t>(users_.size()));
                    Vec3 from = vertex(static_cast<int32_t>(low));
                    edges_.push_back({from, vertex(side->far) - from});
                }
                edge_of_[side->side] = static_cast<int32_t>(edges_.size()) - 1;
                users_.push_back(side->side / 3);
            }
        }
        first_.push_back(static_cast<int32_t>(users_.size()));
        triangle_seen_.assign(count, -1);
        edge_seen_.assign(edges_.size(), -1);
    }

    size_t triangles() const { return triangle_seen_.size(); }

    // Marks what is joined to a triangle by edges that come within the radius of p, for `holds` to tell.
    void flood(Vec3 p, int32_t from, double radius) {
        ++round_;
        stack_.assign(1, from);
        triangle_seen_[from] = round_;
        while (!stack_.empty()) {
            int32_t t = stack_.back();
            stack_.pop_back();
            for (int k = 0; k < 3; ++k) {
                int32_t e = edge_of_[3 * t + k];
                if (edge_seen_[e] == round_) continue;
                edge_seen_[e] = round_;
                Vec3 d = p - edges_[e].from, along = edges_[e].along;
                double length2 = norm2(along);
                double at = length2 > 0 ? std::clamp(dot(d, along) / length2, 0.0, 1.0) : 0.0;
                if (norm2(d - along * at) > radius * radius) continue;
                for (int32_t u = first_[e]; u < first_[e + 1]; ++u) {
                    int32_t next = users_[u];
                    if (triangle_seen_[next] == round_) continue;
                    triangle_seen_[next] = round_;
                    stack_.push_back(next);
                }
            }
        }
    }

    bool holds(int32_t triangle) const { return triangle_seen_[triangle] == round_; }

  private:
    struct Edge {
        Vec3 from, along;
    };
    std::vector<Edge> edges_;
    std::vector<int32_t> edge_of_, first_, users_, triangle_seen_, edge_seen_, stack_;
    int32_t round_ = -1;
};

// Whether two places may be of one sheet by their normals: neither is the far side of a thin wall, nor does one look
// at the other's back, as across a gap.
inline bool may_be_one_sheet(Vec3 from, Vec3 facing, Vec3 to, Vec3 other) {
    constexpr double opposite = -0.5, across = 0.3;
    if (dot(facing, other) < opposite) return false;
    Vec3 d = to - from;
    double one = dot(d, facing), two = -dot(d, other);
    return !(one * two < 0 && std::min(one * one, two * two) > across * across * norm2(d));
}

// Samples must be even by area. `area`: of one sample. `owner`: the triangle of each, where there are sheets: then a
// descriptor sees what is joined to its place only. `radius`: of what a descriptor sees. Keypoints are local
// maxima of the surface variation, at least `apart` from each other, the most salient first, at most `most`.
inline LocalFeatures local_features(const std::vector<Vec3>& points, const std::vector<Vec3>& facing, double area,
                                    double radius, double apart, double least, size_t most,
                                    const int32_t* owner = nullptr, Sheets* sheets = nullptr) {
    LocalFeatures out;
    const size_t n = points.size();
    const double near = radius / 3;
    std::vector<Vec3> smooth(n);
    std::vector<float> salient(n);
    CellGrid close(points.data(), n, near);
    close.thin(2048);
    for (size_t i = 0; i < n; ++i) {
        Vec3 sum, turned;
        double xx = 0, xy = 0, xz = 0, yy = 0, yz = 0, zz = 0;
        int count = 0;
        close.within(points[i], [&](int32_t j, double) {
            if (!may_be_one_sheet(points[i], facing[i], points[j], facing[j])) return;
            Vec3 d = points[j] - points[i];
            sum = sum + d;
            turned = turned + facing[j];
            xx += d.x * d.x, xy += d.x * d.y, xz += d.x * d.z, yy += d.y * d.y, yz += d.y * d.z, zz += d.z * d.z;
            ++count;
        });
        double c = std::max(count, 1), length = norm(turned);
        Vec3 m = sum * (1 / c);
        double a[3][3] = {{xx / c - m.x * m.x, xy / c - m.x * m.y, xz / c - m.x * m.z},
                          {xy / c - m.x * m.y, yy / c - m.y * m.y, yz / c - m.y * m.z},
                          {xz / c - m.x * m.z, yz / c - m.y * m.z, zz / c - m.z * m.z}};
        double values[3], V[3][3];
        eigen_symmetric(a, values, V);
        double total = values[0] + values[1] + values[2];
        salient[i] = count >= 6 && total > 0 ? static_cast<float>(std::max(values[0], 0.0) / total) : 0.0f;
        smooth[i] = length > 0 ? turned * (1 / length) : facing[i];
    }
    std::vector<std::pair<float, int32_t>> order;
    for (size_t i = 0; i < n; ++i)
        if (salient[i] >= least) order.push_back({-salient[i], static_cast<int32_t>(i)});
    std::sort(order.begin(), order.end());
    CellGrid spread(points.data(), n, apart);
    std::vector<uint8_t> taken(n, 0);
    for (auto [negative, i] : order) {
        if (out.origin.size() == most) break;
        if (taken[i]) continue;
        spread.within(points[i], [&](int32_t j, double) {
            if (dot(smooth[j], smooth[i]) > 0) taken[j] = 1;
        });
        out.origin.push_back(i);
        out.normals.push_back(smooth[i]);
        out.saliency.push_back(-negative);
    }
    using L = LocalLayout;
    out.descriptor.assign(out.origin.size() * L::size, 0.0f);
    CellGrid around(points.data(), n, radius);
    around.thin(8192);
    const double one = area / (radius * radius);
    for (size_t k = 0; k < out.origin.size(); ++k) {
        float* spin = out.descriptor.data() + k * L::size;
        float* bent = spin + L::rings * L::heights;
        Vec3 p = points[out.origin[k]], axis = out.normals[k];
        if (sheets) sheets->flood(p, owner[out.origin[k]], radius);
        around.within(p, [&](int32_t j, double d2) {
            if (sheets && !sheets->holds(owner[j])) return;
            Vec3 d = points[j] - p;
            double share = one * around.stands_for(j);
            double height = dot(d, axis), ring = std::sqrt(std::max(d2 - height * height, 0.0)) / radius;
            auto split = [](double at, int bins, int& low, double& upper) {
                at = std::clamp(at - 0.5, 0.0, bins - 1.0);
                low = std::min(static_cast<int>(at), bins - 2);
                upper = at - low;
            };
            int r, h, s, t;
            double ur, uh, us, ut;
            split(ring * L::rings, L::rings, r, ur);
            split((height / radius + 1) / 2 * L::heights, L::heights, h, uh);
            auto add = [&](float* to, int wide, int a, double ua, int b, double ub) {
                to[a * wide + b] += static_cast<float>(share * (1 - ua) * (1 - ub));
                to[a * wide + b + 1] += static_cast<float>(share * (1 - ua) * ub);
                to[(a + 1) * wide + b] += static_cast<float>(share * ua * (1 - ub));
                to[(a + 1) * wide + b + 1] += static_cast<float>(share * ua * ub);
            };
            add(spin, L::heights, r, ur, h, uh);
            split(std::sqrt(d2) / radius * L::shells, L::shells, s, us);
            split((dot(smooth[j], axis) + 1) / 2 * L::turns, L::turns, t, ut);
            add(bent, L::turns, s, us, t, ut);
        });
        for (int b = 0; b < L::size; ++b) spin[b] = std::sqrt(spin[b]);
    }
    return out;
}

}  // namespace partwatch
