import django.db.models.deletion
import django_simple_auth.db.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='auth_presence', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('since', django_simple_auth.db.fields.TimestampField(verbose_name='since')),
            ],
            options={
                'verbose_name': 'presence',
                'verbose_name_plural': 'presences',
            },
        ),
        migrations.CreateModel(
            name='ThrottleCounter',
            fields=[
                ('digest', django_simple_auth.db.fields.DigestField(primary_key=True, serialize=False, verbose_name='digest')),
                ('count', models.PositiveIntegerField(verbose_name='count')),
                ('expires_at', django_simple_auth.db.fields.TimestampField(verbose_name='expires')),
            ],
            options={
                'verbose_name': 'throttle counter',
                'verbose_name_plural': 'throttle counters',
            },
        ),
        migrations.CreateModel(
            name='AuthToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('login', 'login'), ('key', 'API key')], default='login', max_length=8, verbose_name='purpose')),
                ('digest', django_simple_auth.db.fields.DigestField(unique=True, verbose_name='digest')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('scopes', models.CharField(blank=True, max_length=500, verbose_name='scopes')),
                ('ip_address', models.CharField(blank=True, max_length=45, verbose_name='IP address')),
                ('created_at', django_simple_auth.db.fields.TimestampField(verbose_name='created')),
                ('expires_at', django_simple_auth.db.fields.TimestampField(blank=True, db_index=True, null=True, verbose_name='expires')),
                ('last_used_at', django_simple_auth.db.fields.TimestampField(verbose_name='last used')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_tokens', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'token',
                'verbose_name_plural': 'tokens',
            },
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('username', 'username'), ('email', 'email')], max_length=8, verbose_name='kind')),
                ('digest', django_simple_auth.db.fields.DigestField(unique=True, verbose_name='digest of kind and folded name')),
                ('verified_at', django_simple_auth.db.fields.TimestampField(blank=True, null=True, verbose_name='verified')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_identifiers', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'identifier',
                'verbose_name_plural': 'identifiers',
            },
        ),
        migrations.CreateModel(
            name='KnownDevice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', django_simple_auth.db.fields.DigestField(unique=True, verbose_name='digest of user and device')),
                ('seen_at', django_simple_auth.db.fields.TimestampField(db_index=True, verbose_name='last seen')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_devices', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'known device',
                'verbose_name_plural': 'known devices',
            },
        ),
        migrations.CreateModel(
            name='OneTimeToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('reset', 'password reset'), ('verify', 'e-mail verification'), ('change', 'e-mail change'), ('revert', 'e-mail change revert'), ('invite', 'invitation')], max_length=8, verbose_name='purpose')),
                ('email', models.CharField(max_length=254, verbose_name='e-mail address')),
                ('digest', django_simple_auth.db.fields.DigestField(unique=True, verbose_name='digest')),
                ('created_at', django_simple_auth.db.fields.TimestampField(verbose_name='created')),
                ('expires_at', django_simple_auth.db.fields.TimestampField(db_index=True, verbose_name='expires')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='auth_one_time_tokens', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'one-time token',
                'verbose_name_plural': 'one-time tokens',
            },
        ),
        migrations.CreateModel(
            name='RetiredToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', django_simple_auth.db.fields.DigestField(unique=True, verbose_name='digest')),
                ('retired_at', django_simple_auth.db.fields.TimestampField(verbose_name='retired')),
                ('token', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='retired', to='django_simple_auth.authtoken', verbose_name='token')),
            ],
            options={
                'verbose_name': 'retired token',
                'verbose_name_plural': 'retired tokens',
            },
        ),
    ]
