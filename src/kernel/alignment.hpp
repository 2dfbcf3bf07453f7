// A closest-point field for cheap trial alignments, and iterative closest points on field or triangles.
#pragma once

#include <algorithm>

#include "common.hpp"

namespace partwatch {

struct Nearest {
    Vec3 point, normal;
    double distance2 = std::numeric_limits<double>::infinity();
    bool found = false;
};

// For each voxel of a grid around a point cloud, a point that is (nearly) the closest one. Built once a body,
// it answers for every candidate part and every trial rotation in constant time.
// Exact separable distance transform on the voxels: Felzenszwalb and Huttenlocher 2012.
class Field {
  public:
    Field(std::vector<Vec3> points, std::vector<Vec3> normals, int resolution)
        : points_(std::move(points)), normals_(std::move(normals)) {
        double top = std::numeric_limits<double>::max();
        Vec3 lo{top, top, top}, hi{-top, -top, -top};
        for (Vec3 p : points_) {
            lo = {std::min(lo.x, p.x), std::min(lo.y, p.y), std::min(lo.z, p.z)};
            hi = {std::max(hi.x, p.x), std::max(hi.y, p.y), std::max(hi.z, p.z)};
        }
        double extent = std::max({hi.x - lo.x, hi.y - lo.y, hi.z - lo.z, 1e-12});
        h_ = extent / resolution;
        constexpr int margin = 4;
        lo_ = {lo.x - margin * h_, lo.y - margin * h_, lo.z - margin * h_};
        nx_ = static_cast<int>((hi.x - lo.x) / h_) + 1 + 2 * margin;
        ny_ = static_cast<int>((hi.y - lo.y) / h_) + 1 + 2 * margin;
        nz_ = static_cast<int>((hi.z - lo.z) / h_) + 1 + 2 * margin;
        seed();
        transform();
    }

    double voxel() const { return h_; }

    Nearest nearest(Vec3 p, Vec3, double cap) const {
        Nearest out;
        int x = clamp((p.x - lo_.x) / h_, nx_), y = clamp((p.y - lo_.y) / h_, ny_), z = clamp((p.z - lo_.z) / h_, nz_);
        int32_t i = index_[(static_cast<size_t>(z) * ny_ + y) * nx_ + x];
        out.distance2 = norm2(points_[i] - p);
        out.found = out.distance2 <= cap * cap;
        out.point = points_[i];
        out.normal = normals_[i];
        return out;
    }

    // Whether a point has one of the field's within `near`, itself within `flat` of that one's plane, and the two
    // normals compatible: a look at coverage that needs no triangle.
    bool covers(Vec3 p, Vec3 n, double near, double flat, double min_cosine) const {
        Nearest hit = nearest(p, n, near);
        return hit.found && std::fabs(dot(hit.point - p, hit.normal)) <= flat &&
               std::fabs(dot(hit.normal, n)) >= min_cosine;
    }

  private:
    static int clamp(double at, int size) { return !(at >= 0) ? 0 : (at >= size ? size - 1 : static_cast<int>(at)); }

    void seed() {
        index_.assign(static_cast<size_t>(nx_) * ny_ * nz_, -1);
        std::vector<double> closest(index_.size(), std::numeric_limits<double>::infinity());
        for (size_t i = 0; i < points_.size(); ++i) {
            Vec3 g = (points_[i] - lo_) * (1 / h_);
            int x = clamp(g.x, nx_), y = clamp(g.y, ny_), z = clamp(g.z, nz_);
            size_t cell = (static_cast<size_t>(z) * ny_ + y) * nx_ + x;
            double d = norm2(g - Vec3{x + 0.5, y + 0.5, z + 0.5});
            if (d < closest[cell]) {
                closest[cell] = d;
                index_[cell] = static_cast<int32_t>(i);
            }
        }
    }

    // One axis after the other; along the first every seeded voxel is at distance zero, so the closest one is
    // found by walking both ways, and the other two take lower envelopes of parabolas.
    void transform() {
        std::vector<float> distance(index_.size());
        size_t row = nx_, slice = static_cast<size_t>(nx_) * ny_;
        size_t longest = std::max({nx_, ny_, nz_});
        for (std::vector<float>* v : {&value_, &bound_}) v->resize(longest + 1);
        source_.resize(longest);
        apex_.resize(longest);
        half_.resize(longest + 1);
        for (size_t i = 1; i < half_.size(); ++i) half_[i] = static_cast<float>(0.5 / static_cast<double>(i));
        for (size_t start = 0; start < index_.size(); start += row) first_line(distance, start);
        for (int z = 0; z < nz_; ++z)
            for (int x = 0; x < nx_; ++x) line(distance, z * slice + x, row, ny_);
        for (int y = 0; y < ny_; ++y)
            for (int x = 0; x < nx_; ++x) line(distance, y * row + x, slice, nz_);
    }

    void first_line(std::vector<float>& f, size_t start) {
        int from = -1;
        for (int x = 0; x < nx_; ++x) {
            size_t at = start + x;
            if (index_[at] >= 0) from = x;
            source_[x] = from;
        }
        int next = -1;
        for (int x = nx_ - 1; x >= 0; --x) {
            size_t at = start + x;
            if (index_[at] >= 0) next = x;
            from = source_[x];
            apex_[x] = from < 0 ? next : (next >= 0 && next - x < x - from ? next : from);
        }
        for (int x = 0; x < nx_; ++x) {
            int v = apex_[x];
            f[start + x] = v < 0 ? 0 : static_cast<float>((x - v) * (x - v));
            source_[x] = v < 0 ? -1 : index_[start + v];
        }
        std::copy(source_.begin(), source_.begin() + nx_, index_.begin() + start);
    }

    // Lower envelope of parabolas along one line of voxels; whole numbers below 2^24, so float is exact but for
    // where parabolas cross.
    void line(std::vector<float>& f, size_t start, size_t stride, int n) {
        int k = -1;
        for (int q = 0; q < n; ++q) {
            source_[q] = index_[start + q * stride];
            if (source_[q] < 0) continue;
            value_[q] = f[start + q * stride] + static_cast<float>(q * q);
            float s = -1e30f;
            while (k >= 0) {
                int v = apex_[k];
                s = (value_[q] - value_[v]) * half_[q - v];
                if (s > bound_[k]) break;
                --k;
            }
            ++k;
            apex_[k] = q;
            bound_[k] = k == 0 ? -1e30f : s;
        }
        if (k < 0) return;
        bound_[k + 1] = std::numeric_limits<float>::infinity();
        for (int q = 0, j = 0; q < n; ++q) {
            while (bound_[j + 1] < static_cast<float>(q)) ++j;
            int v = apex_[j];
            f[start + q * stride] = value_[v] + static_cast<float>(q * q - 2 * q * v);
            index_[start + q * stride] = source_[v];
        }
    }

    std::vector<Vec3> points_, normals_;
    Vec3 lo_;
    double h_ = 1;
    int nx_ = 0, ny_ = 0, nz_ = 0;
    std::vector<int32_t> index_;
    // Working room of one line. half_[i]: 0.5 / i.
    std::vector<float> value_, bound_, half_;
    std::vector<int32_t> source_, apex_;
};

// Mean over points of 1 - d/cap, and 0 beyond cap: how well `T` lays the points on the target.
template <class Target>
double fit(const Target& target, const std::vector<Vec3>& points, const Similarity& T, double cap) {
    double sum = 0;
    for (Vec3 p : points) {
        Nearest hit = target.nearest(T(p), {}, cap);
        if (hit.found) sum += 1 - std::sqrt(hit.distance2) / cap;
    }
    return sum / static_cast<double>(points.size());
}

// Solves M x = b for a small symmetric positive definite M (Cholesky); false where it is not.
template <int N> bool solve(double (&M)[N][N], double (&b)[N]) {
    for (int j = 0; j < N; ++j) {
        double d = M[j][j];
        for (int k = 0; k < j; ++k) d -= M[j][k] * M[j][k];
        if (!(d > 0)) return false;
        M[j][j] = std::sqrt(d);
        for (int i = j + 1; i < N; ++i) {
            double s = M[i][j];
            for (int k = 0; k < j; ++k) s -= M[i][k] * M[j][k];
            M[i][j] = s / M[j][j];
        }
    }
    for (int i = 0; i < N; ++i) {
        for (int k = 0; k < i; ++k) b[i] -= M[i][k] * b[k];
        b[i] /= M[i][i];
    }
    for (int i = N - 1; i >= 0; --i) {
        for (int k = i + 1; k < N; ++k) b[i] -= M[k][i] * b[k];
        b[i] /= M[i][i];
    }
    return true;
}

// Rotation by |w| about w (Rodrigues), times scale.
inline std::array<double, 9> turn(Vec3 w, double scale) {
    double angle = norm(w);
    std::array<double, 9> R{1, 0, 0, 0, 1, 0, 0, 0, 1};
    if (angle > 1e-15) {
        Vec3 k = w * (1 / angle);
        double c = std::cos(angle), s = std::sin(angle), v = 1 - c;
        R = {c + k.x * k.x * v,       k.x * k.y * v - k.z * s, k.x * k.z * v + k.y * s,
             k.y * k.x * v + k.z * s, c + k.y * k.y * v,       k.y * k.z * v - k.x * s,
             k.z * k.x * v - k.y * s, k.z * k.y * v + k.x * s, c + k.z * k.z * v};
    }
    for (double& r : R) r *= scale;
    return R;
}

// Point-to-plane ICP with uniform scale (Chen and Medioni 1992; seven parameters, six if rigid), Tukey weights on the
// distance to the closest point with a cap that shrinks from `cap_from` to `cap_to`.
template <class Target>
Similarity icp(const Target& target, const std::vector<Vec3>& points, const std::vector<Vec3>& normals, Similarity T,
               int iterations, double cap_from, double cap_to, bool rigid = false) {
    for (int round = 0; round < iterations; ++round) {
        double share = iterations > 1 ? double(round) / (iterations - 1) : 1;
        double cap = cap_from * std::pow(cap_to / cap_from, std::min(1.0, share * 1.5));
        Vec3 centre;
        for (Vec3 p : points) centre = centre + T(p);
        centre = centre * (1.0 / points.size());
        double M[7][7] = {}, b[7] = {}, size2 = 0, weight = 0;
        for (size_t i = 0; i < points.size(); ++i) {
            Vec3 x = T(points[i]), n = T.linear(normals[i]);
            double length = norm(n);
            if (length > 0) n = n * (1 / length);
            Nearest hit = target.nearest(x, n, cap);
            if (!hit.found) continue;
            double q = 1 - hit.distance2 / (cap * cap), w = q * q;
            Vec3 r = x - centre, m = cross(r, hit.normal);
            double J[7] = {m.x, m.y, m.z, hit.normal.x, hit.normal.y, hit.normal.z, dot(r, hit.normal)};
            double e = dot(hit.point - x, hit.normal);
            for (int a = 0; a < 7; ++a) {
                for (int c = 0; c <= a; ++c) M[a][c] += w * J[a] * J[c];
                b[a] += w * J[a] * e;
            }
            size2 += w * norm2(r);
            weight += w;
        }
        if (weight < 7) return T;
        // A little damping keeps what the shape leaves free (a sphere's rotation) where it is.
        for (int a = 0; a < 7; ++a) M[a][a] += 1e-6 * ((a < 3 || a == 6) ? size2 : weight);
        if (rigid) {
            for (int a = 0; a < 6; ++a) M[6][a] = 0;
            M[6][6] = 1, b[6] = 0;
        }
        if (!solve(M, b)) return T;
        double angle = norm({b[0], b[1], b[2]});
        double brake = angle > 0.3 ? 0.3 / angle : 1;
        double scale = std::exp(std::clamp(b[6], -0.1, 0.1));
        auto R = turn(Vec3{b[0], b[1], b[2]} * brake, scale);
        Similarity step{R, {}};
        step.t = centre + Vec3{b[3], b[4], b[5]} - step.linear(centre);
        Similarity next;
        for (int i = 0; i < 3; ++i)
            for (int j = 0; j < 3; ++j)
                next.A[3 * i + j] = R[3 * i] * T.A[j] + R[3 * i + 1] * T.A[3 + j] + R[3 * i + 2] * T.A[6 + j];
        next.t = step(T.t);
        T = next;
        double moved = angle + std::fabs(b[6]) + norm({b[3], b[4], b[5]}) / std::sqrt(size2 / weight + 1e-300);
        if (moved < 1e-7 && cap <= cap_to * 1.0001) break;
    }
    return T;
}

}  // namespace partwatch
