from django.db.models import QuerySet
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from .models import Note
from .serializers import NoteSerializer


class NoteViewSet(ModelViewSet):
    """The notes of the logged-in user. Other users' notes answer 404."""

    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    def get_queryset(self) -> QuerySet[Note]:
        return super().get_queryset().filter(user_id=self.request.user.pk)

    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(user=self.request.user)
