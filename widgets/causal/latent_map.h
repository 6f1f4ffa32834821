#pragma once

#include <vector>

#include "widgets/causal/figure_view.h"

namespace lvr {

// Latents among the picture's visual tokens, in the plane of their two largest directions. What is
// pointed at here lights up on the picture, and the other way round.
class LatentMap : public FigureView {
    Q_OBJECT
public:
    explicit LatentMap(QWidget* parent = nullptr);

    // [n, 2] each.
    void setPoints(const std::vector<float>& latents, const std::vector<float>& tokens);
    void lightToken(int token);     // -1: none
    void chooseLatent(int latent);  // -1: none
    int latents() const { return static_cast<int>(latents_.size() / 2); }
    int tokens() const { return static_cast<int>(tokens_.size() / 2); }
    int litToken() const { return lit_; }
    int chosenLatent() const { return chosen_; }
    QPointF placeOfLatent(int latent) const;  // on the widget
    QPointF placeOfToken(int token) const;
    bool isEmpty() const override { return latents_.empty() && tokens_.empty(); }

Q_SIGNALS:
    void tokenPointedAt(int token);  // -1: none any more
    void latentChosen(int latent);

protected:
    void draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const override;
    QString explain(const QPointF& at) const override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    QPointF placeOf(const std::vector<float>& points, int index, const QRectF& space) const;
    int nearest(const std::vector<float>& points, const QPointF& at) const;  // -1: none near
    void point(int token);

    std::vector<float> latents_, tokens_;
    QRectF extent_;  // of all points
    int lit_ = -1, chosen_ = -1;
};

}  // namespace lvr
