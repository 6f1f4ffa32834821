#pragma once

#include <QPointer>
#include <QWidget>
#include <map>

class QGridLayout;
class QToolButton;

namespace lvr {

// A heading that opens and closes the plots below it, in as many columns as there is room for.
class CurveGroup : public QWidget {
    Q_OBJECT
public:
    explicit CurveGroup(const QString& title, QWidget* parent = nullptr);
    // Owns it; place: what the plots are in order of.
    void add(QWidget* plot, const QString& place);
    void arrange();  // after plots were shown or hidden; an empty group hides itself

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QString title_;
    QToolButton* head_;
    QWidget* body_;
    QGridLayout* grid_;
    std::multimap<QString, QPointer<QWidget>> plots_;  // by place
    int columns_ = 0;
};

}  // namespace lvr
